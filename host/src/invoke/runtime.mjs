// Speaks the Lambda runtime API for a Node.js handler; needs nothing but Node.js itself.
import { existsSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, route, body, errorType) {
  const headers = { "Content-Type": "application/json" };
  if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  if (errorType) headers["Lambda-Runtime-Function-Error-Type"] = errorType;
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method, headers, path: `/2018-06-01/runtime${route}` }, (reply) => {
      const chunks = [];
      reply.on("data", (chunk) => chunks.push(chunk));
      reply.on("end", () => resolve({ headers: reply.headers, body: Buffer.concat(chunks).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function describe(thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stack = (error.stack ?? "").split("\n").slice(1).map((line) => line.trimEnd());
  return JSON.stringify({ errorType: error.name, errorMessage: error.message, stackTrace: stack });
}

async function load() {
  const root = process.env.LAMBDA_TASK_ROOT;
  process.chdir(root);
  const handler = process.env._HANDLER;
  const folder = path.dirname(handler);
  const [file, ...names] = path.basename(handler).split(".");
  const base = path.join(root, folder, file);
  const found = [".js", ".mjs", ".cjs"].map((end) => base + end).find(existsSync);
  if (!found || names.length === 0) throw new Error(`the handler \`${handler}\` names no module in the package`);
  const module = await import(pathToFileURL(found));
  const pick = (from) => names.reduce((value, name) => value?.[name], from);
  const target = pick(module) ?? pick(module.default);
  if (typeof target !== "function") throw new Error(`\`${handler}\` is not a function`);
  return target;
}

function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    const callback = (error, value) => (error ? reject(error) : resolve(value));
    Object.assign(context, { done: callback, succeed: resolve, fail: reject });
    const result = handler(event, context, callback);
    if (result && typeof result.then === "function") result.then(resolve, reject);
    // A handler without callback parameter that returned no promise has answered already.
    else if (handler.length < 3) resolve(result);
  });
}

let handler;
try {
  handler = await load();
} catch (error) {
  await call("POST", "/init/error", describe(error), "Runtime.InitError");
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "/invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  const context = {
    awsRequestId: id,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const answer = JSON.stringify((await run(handler, JSON.parse(body), context)) ?? null);
    await call("POST", `/invocation/${id}/response`, answer);
  } catch (error) {
    await call("POST", `/invocation/${id}/error`, describe(error), error?.name ?? "Error");
  }
}
