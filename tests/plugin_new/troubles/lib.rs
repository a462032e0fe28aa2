use phalanx_plugin::{Failure, Result, TemplateDecorate, log, template};

#[derive(serde::Deserialize)]
struct Troubles {
    mode: String,
}

#[expect(unconditional_recursion)]
fn again(n: u64) -> u64 {
    std::hint::black_box(again(std::hint::black_box(n) + 1) + 1)
}

impl TemplateDecorate for Troubles {
    fn decorate_service(&self) -> Result {
        match self.mode.as_str() {
            "failure" => {
                return Err(Failure::new("no-topic", "the topic is missing").with_hint("add it"));
            }
            "host" => template::add("Nonsense", "X", &1)?,
            "exception" => panic!("nothing is left"),
            "loop" => loop {
                std::hint::black_box(());
            },
            "recurse" => log::info!("{}", again(0)),
            "memory" => loop {
                std::mem::forget(std::hint::black_box(vec![1_u8; 1_000_000]));
            },
            "flood" => (0..4000).for_each(|line| log::info!("{line:01000}")),
            _ => {}
        }
        Ok(())
    }
}

phalanx_plugin::export!(Troubles: template_decorate);
