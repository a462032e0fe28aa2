"""Speaks the Lambda runtime API for a Python handler; needs nothing but the standard library."""
import importlib
import json
import os
import sys
import time
import traceback
import urllib.request

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime"
# A proxy of the user must not see loopback traffic.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def post(path, body, error_type=None):
    request = urllib.request.Request(API + path, data=body, method="POST")
    request.add_header("Content-Type", "application/json")
    if error_type:
        request.add_header("Lambda-Runtime-Function-Error-Type", error_type)
    OPENER.open(request).read()


def describe(error):
    frames = traceback.format_exception(type(error), error, error.__traceback__)[1:-1]
    return json.dumps({
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": [line.rstrip("\n") for frame in frames[1:] for line in frame.rstrip("\n").split("\n")],
    }).encode()


def load():
    root = os.environ["LAMBDA_TASK_ROOT"]
    sys.path.insert(0, root)
    os.chdir(root)
    module, dot, name = os.environ["_HANDLER"].rpartition(".")
    if not dot:
        raise ValueError("the handler `%s` is not of the form `module.function`" % name)
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def main():
    try:
        handler = load()
    except BaseException as error:
        post("/init/error", describe(error), "Runtime." + type(error).__name__)
        sys.exit(1)
    while True:
        with OPENER.open(API + "/invocation/next") as response:
            headers, event = response.headers, json.load(response)
        request = "/invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id", "")
        try:
            answer = json.dumps(handler(event, Context(headers))).encode()
        except Exception as error:
            sys.stdout.flush()
            post(request + "/error", describe(error), type(error).__name__)
            continue
        sys.stdout.flush()
        try:
            post(request + "/response", answer)
        except urllib.error.HTTPError as error:
            # The API has noted why it refused the answer.
            error.read()


main()
