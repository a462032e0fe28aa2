//! `Fn::Cidr`: dividing an address block into subnets of equal size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Subnets that CloudFormation gives at most.
const MAX_COUNT: u32 = 256;

/// The first `count` subnets of `block` that leave `bits` bits for addresses. Without `bits`, the
/// block is divided into as few parts as hold `count` of them.
///
/// # Errors
/// A phrase about what is wrong.
pub(super) fn subnets(block: &str, count: u32, bits: Option<u32>) -> Result<Vec<String>, String> {
    let not_a_block = || format!("got `{block}`, which is not an address block like `10.0.0.0/16`");
    let (address, prefix) = block.split_once('/').ok_or_else(not_a_block)?;
    let address: IpAddr = address.parse().map_err(|_| not_a_block())?;
    let (width, number): (u32, u128) = match address {
        IpAddr::V4(address) => (32, u128::from(address.to_bits())),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let prefix: u32 =
        prefix.parse().ok().filter(|prefix| *prefix <= width).ok_or_else(not_a_block)?;
    if !(1..=MAX_COUNT).contains(&count) {
        return Err(format!("takes a count of 1 to {MAX_COUNT}, not {count}"));
    }

    let free = width - prefix;
    let needed = count.next_power_of_two().trailing_zeros();
    let bits = bits.unwrap_or_else(|| free.saturating_sub(needed));
    if needed > free.saturating_sub(bits) || bits > free {
        return Err(format!("cannot divide `{block}` into {count} subnets of {bits} bits"));
    }

    // A shift by the whole width overflows: a block of everything has no fixed bits.
    let first = number.checked_shr(free).and_then(|fixed| fixed.checked_shl(free)).unwrap_or(0);
    let subnet = |index: u32| {
        let start = first + u128::from(index).checked_shl(bits).unwrap_or(0);
        let address: IpAddr = match width {
            32 => Ipv4Addr::from_bits(u32::try_from(start).expect("it lies in a block of 32 bits"))
                .into(),
            _ => Ipv6Addr::from_bits(start).into(),
        };
        format!("{address}/{}", width - bits)
    };
    Ok((0..count).map(subnet).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_blocks_of_both_kinds() {
        assert_eq!(
            subnets("10.0.3.7/16", 3, Some(8)).unwrap(),
            ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]
        );
        assert_eq!(
            subnets("10.0.0.0/24", 3, None).unwrap(),
            ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]
        );
        assert_eq!(
            subnets("2001:db8::/56", 2, Some(64)).unwrap(),
            ["2001:db8::/64", "2001:db8:0:1::/64"]
        );
        assert_eq!(subnets("0.0.0.0/0", 2, Some(31)).unwrap(), ["0.0.0.0/1", "128.0.0.0/1"]);
        assert_eq!(subnets("::/0", 1, Some(128)).unwrap(), ["::/0"]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert!(subnets("10.0.0.0/24", 2, Some(8)).is_err());
        assert!(subnets("10.0.0.0/24", 0, Some(4)).is_err());
        assert!(subnets("10.0.0.0/24", 257, Some(0)).is_err());
        assert!(subnets("10.0.0.0", 1, Some(4)).is_err());
        assert!(subnets("10.0.0.0/33", 1, None).is_err());
        assert!(subnets("10.0.0.0/30", 1, Some(200)).is_err());
    }
}
