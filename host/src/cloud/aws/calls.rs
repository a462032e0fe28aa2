//! Any call of AWS, signed here.

use std::time::SystemTime;

use async_trait::async_trait;
use aws_sdk_sts::config::ProvideCredentials as _;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector as _;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use http_body_util::{BodyExt as _, Limited};

use super::{Aws, AwsError};
use crate::cloud::images::dns_suffix;
use crate::cloud::{CallRequest, CallResponse, Calls};
use crate::hint::{BoxError, in_one_line};

/// Services whose calls all go to one host, signed for this region.
const GLOBAL: [&str; 6] = ["iam", "route53", "cloudfront", "organizations", "budgets", "ce"];
/// The region that global services are signed for.
const GLOBAL_REGION: &str = "us-east-1";

#[async_trait]
impl Calls for Aws {
    async fn call(&self, request: CallRequest) -> Result<CallResponse, BoxError> {
        Ok(self.call_now(request).await?)
    }
}

impl Aws {
    async fn call_now(&self, request: CallRequest) -> Result<CallResponse, AwsError> {
        let CallRequest { service, limit, .. } = &request;
        let (service, limit) = (service.clone(), *limit);
        let bad = |reason: String| AwsError::BadCall { service: service.clone(), reason };
        let lost = |reason: String| AwsError::CallLost { service: service.clone(), reason };
        let signed = self.sign(request).await.map_err(bad)?;
        let connector = self.connector.get_or_init(|| {
            Connector::builder()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
                .build()
        });
        let answer: HttpResponse =
            connector.call(signed).await.map_err(|error| lost(in_one_line(&error)))?;
        let status = answer.status().as_u16();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let bytes = usize::try_from(limit).unwrap_or(usize::MAX);
        let body = Limited::new(answer.into_body(), bytes);
        let body = body.collect().await.map_err(|error| lost(in_one_line(&*error)))?.to_bytes();
        Ok(CallResponse { status, headers, body: body.to_vec() })
    }

    async fn sign(&self, request: CallRequest) -> Result<HttpRequest, String> {
        let CallRequest { service, method, path, headers, body, .. } = request;
        let url = format!("{}{path}", self.base(&service));
        let host = url.split("://").nth(1).and_then(|rest| rest.split('/').next());
        let host = host.unwrap_or_default().to_owned();
        let mut http = http::Request::builder().method(method.as_str()).uri(&url);
        http = http.header("host", &host);
        for (name, value) in headers.iter().filter(|(name, _)| !is_ours(name)) {
            http = http.header(name, value);
        }
        let mut http = http.body(body).map_err(|error| error.to_string())?;
        let provider = self.config.credentials_provider().ok_or("there are no credentials")?;
        let credentials =
            provider.provide_credentials().await.map_err(|error| in_one_line(&error))?;
        let identity = credentials.into();
        let region = match GLOBAL.contains(&service.as_str()) {
            true => GLOBAL_REGION,
            false => self.identity.region.as_str(),
        };
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(&service)
            .time(now())
            .settings(settings(&service))
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let texts = http
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()));
        let body = SignableBody::Bytes(http.body());
        let signable = SignableRequest::new(http.method().as_str(), url.as_str(), texts, body)
            .map_err(|error| in_one_line(&error))?;
        let (instructions, _) =
            sign(signable, &parameters).map_err(|error| in_one_line(&error))?.into_parts();
        instructions.apply_to_request_http1x(&mut http);
        http.map(Into::into).try_into().map_err(|error| in_one_line(&error))
    }

    /// Where the calls of a service go.
    fn base(&self, service: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            return endpoint.clone();
        }
        let (region, suffix) = (&self.identity.region, dns_suffix(&self.identity.region));
        if GLOBAL.contains(&service) {
            return format!("https://{service}.{suffix}");
        }
        let name = match service {
            "ecr" => "api.ecr",
            "ses" => "email",
            other => other,
        };
        format!("https://{name}.{region}.{suffix}")
    }
}

/// Headers that say where a call goes and who makes it: only we do.
fn is_ours(header: &str) -> bool {
    const OURS: [&str; 3] = ["host", "authorization", "x-amz-security-token"];
    OURS.iter().any(|ours| header.eq_ignore_ascii_case(ours))
}

/// AWS takes a signature for some minutes from when it was made.
#[expect(clippy::disallowed_methods, reason = "a signature holds the real time")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// S3 signs its paths as they are, and wants the digest of the body in a header.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}
