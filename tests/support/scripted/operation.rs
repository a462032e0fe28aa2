//! Which AWS operation a request asks for.

use std::time::Instant;

use crate::support::http::Message;

/// One call as it came.
#[derive(Debug, Clone)]
pub struct Call {
    /// As the signature names it, such as `s3`; empty without one.
    pub service: String,
    /// As the API reference names it, such as `PutObject`.
    pub operation: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The body, without the framing of HTTP.
    pub body: Vec<u8>,
    /// When it came.
    pub at: Instant,
}

impl Call {
    pub(super) fn of(request: &Message) -> Self {
        // `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`
        let scope = request.header("authorization").and_then(|text| text.split(',').next());
        let service = scope.and_then(|scope| scope.split('/').nth(3)).unwrap_or_default();
        let mut call = Self {
            service: service.to_owned(),
            operation: String::new(),
            method: request.method().to_owned(),
            target: request.target().to_owned(),
            body: request.body().to_vec(),
            at: Instant::now(),
        };
        let target = request.header("x-amz-target");
        call.operation = match (target.and_then(|target| target.split('.').nth(1)), service) {
            (Some(operation), _) => operation.to_owned(),
            (None, "s3") => call.s3(request.header("x-amz-copy-source").is_some()).to_owned(),
            (None, "lambda") => call.lambda().to_owned(),
            (None, _) => call.field("Action").unwrap_or_else(|| "?".into()),
        };
        call
    }

    /// A field of a call of the query protocol, such as `StackName` or `Tags.member.1.Key`.
    pub fn field(&self, name: &str) -> Option<String> {
        let form = std::str::from_utf8(&self.body).ok()?;
        value(form, name).map(decoded)
    }

    /// A value of the address's query.
    pub fn query(&self, name: &str) -> Option<String> {
        value(self.target.split_once('?')?.1, name).map(decoded)
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn s3(&self, is_copy: bool) -> &'static str {
        let has = |name: &str| self.query(name).is_some();
        let part = |name: &str| has(name) && has("uploadId");
        let mut path = self.path().trim_start_matches('/').splitn(2, '/');
        let bucket = path.next().is_some_and(|bucket| !bucket.is_empty());
        let key = path.next().is_some_and(|key| !key.is_empty());
        match self.method.as_str() {
            "GET" if !bucket => "ListBuckets",
            "HEAD" if key => "HeadObject",
            "HEAD" => "HeadBucket",
            "GET" if key && has("attributes") => "GetObjectAttributes",
            "GET" if key && has("tagging") => "GetObjectTagging",
            "GET" if key && has("uploadId") => "ListParts",
            "GET" if key => "GetObject",
            "PUT" if key && part("partNumber") => "UploadPart",
            "PUT" if key && has("tagging") => "PutObjectTagging",
            "PUT" if key && is_copy => "CopyObject",
            "PUT" if key => "PutObject",
            "POST" if key && has("uploads") => "CreateMultipartUpload",
            "POST" if key => "CompleteMultipartUpload",
            "DELETE" if key && has("uploadId") => "AbortMultipartUpload",
            "DELETE" if key => "DeleteObject",
            "POST" if has("delete") => "DeleteObjects",
            "GET" if has("location") => "GetBucketLocation",
            "GET" if has("uploads") => "ListMultipartUploads",
            "GET" if has("versions") => "ListObjectVersions",
            "GET" if has("publicAccessBlock") => "GetPublicAccessBlock",
            "GET" if has("policy") => "GetBucketPolicy",
            "GET" if has("encryption") => "GetBucketEncryption",
            "GET" if has("versioning") => "GetBucketVersioning",
            "GET" if has("lifecycle") => "GetBucketLifecycleConfiguration",
            "GET" if has("tagging") => "GetBucketTagging",
            "GET" if has("list-type") => "ListObjectsV2",
            "GET" => "ListObjects",
            "PUT" if has("publicAccessBlock") => "PutPublicAccessBlock",
            "PUT" if has("policy") => "PutBucketPolicy",
            "PUT" if has("encryption") => "PutBucketEncryption",
            "PUT" if has("versioning") => "PutBucketVersioning",
            "PUT" if has("lifecycle") => "PutBucketLifecycleConfiguration",
            "PUT" if has("tagging") => "PutBucketTagging",
            "PUT" if has("ownershipControls") => "PutBucketOwnershipControls",
            "PUT" => "CreateBucket",
            "DELETE" => "DeleteBucket",
            _ => "?",
        }
    }

    fn lambda(&self) -> &'static str {
        // `/2015-03-31/functions/NAME/code`
        let mut parts = self.path().trim_matches('/').split('/').skip(1);
        let (kind, name, about) = (parts.next(), parts.next(), parts.next());
        match (self.method.as_str(), kind, name.is_some(), about) {
            ("GET", Some("functions"), false, _) => "ListFunctions",
            ("POST", Some("functions"), false, _) => "CreateFunction",
            ("GET", Some("functions"), true, None) => "GetFunction",
            ("DELETE", Some("functions"), true, None) => "DeleteFunction",
            ("PUT", Some("functions"), true, Some("code")) => "UpdateFunctionCode",
            ("GET", Some("functions"), true, Some("configuration")) => "GetFunctionConfiguration",
            ("PUT", Some("functions"), true, Some("configuration")) => {
                "UpdateFunctionConfiguration"
            }
            ("POST", Some("functions"), true, Some("invocations")) => "Invoke",
            ("POST", Some("functions"), true, Some("response-streaming-invocations")) => {
                "InvokeWithResponseStream"
            }
            ("GET", Some("functions"), true, Some("versions")) => "ListVersionsByFunction",
            ("POST", Some("functions"), true, Some("versions")) => "PublishVersion",
            ("GET", Some("tags"), true, None) => "ListTags",
            ("POST", Some("tags"), true, None) => "TagResource",
            _ => "?",
        }
    }
}

/// The value of a name in `a=1&b=2`; a name alone has an empty one.
fn value<'a>(pairs: &'a str, name: &str) -> Option<&'a str> {
    pairs.split('&').find_map(|pair| {
        let (own, value) = pair.split_once('=').unwrap_or((pair, ""));
        (own == name).then_some(value)
    })
}

/// Text of a form or an address, with `%2F` and `+` undone.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || (rest.next().unwrap_or_default() as char).to_digit(16);
                let (high, low) = (digit().unwrap_or_default(), digit().unwrap_or_default());
                u8::try_from(high * 16 + low).unwrap_or_default()
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn forms_and_addresses_are_decoded() {
    assert_eq!(value("a=1&uploads&b=x%2Fy+z", "b").map(decoded).unwrap(), "x/y z");
    assert_eq!(value("a=1&uploads", "uploads"), Some(""));
    assert_eq!(value("a=1", "list-type"), None);
}
