// Runtime client for Node.js: loads the handler and serves invocations of the
// Lambda Runtime API, with the names, texts and formats of AWS's own client
// (aws-lambda-nodejs-runtime-interface-client).
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import util from 'node:util';
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Writable } from 'node:stream';

const env = process.env;
const taskRoot = env.LAMBDA_TASK_ROOT;
const require = createRequire(path.join(taskRoot, 'index.js'));

// ---- logging ----------------------------------------------------------------

const telemetry = Number(env._LAMBDA_TELEMETRY_LOG_FD);
delete env._LAMBDA_TELEMETRY_LOG_FD;
const json = (env.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
const levels = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const threshold = json ? levels[(env.AWS_LAMBDA_LOG_LEVEL || 'INFO').toUpperCase()] || 3 : 0;
let requestId; // of the invocation under way

function write(message) {
  const body = Buffer.from(message);
  const frame = Buffer.alloc(16 + body.length);
  frame.writeUInt32BE(0xa55a0003, 0);
  frame.writeUInt32BE(body.length, 4);
  frame.writeBigInt64BE(BigInt(Date.now()) * 1000n, 8);
  body.copy(frame, 16);
  for (let at = 0; at < frame.length;) {
    try {
      at += fs.writeSync(telemetry, frame, at);
    } catch (e) {
      if (e.code !== 'EAGAIN') return;
    }
  }
}

function log(level, args) {
  if (levels[level] < threshold) return;
  const time = new Date().toISOString();
  if (!json) {
    write(`${time}\t${requestId}\t${level}\t${util.format(...args)}`);
    return;
  }
  const entry = { timestamp: time, level, requestId };
  entry.message = args.length === 1 && !(args[0] instanceof Error) ? args[0] : util.format(...args);
  const error = args.find((a) => a instanceof Error);
  if (error) {
    entry.errorType = error?.constructor?.name ?? 'UnknownError';
    entry.errorMessage = error.message;
    entry.stackTrace = typeof error.stack === 'string' ? error.stack.split('\n') : [];
  }
  try {
    write(JSON.stringify(entry));
  } catch {
    write(JSON.stringify({ ...entry, message: util.format(...args) }));
  }
}

console.trace = (...args) => {
  const trace = {};
  Error.captureStackTrace(trace, console.trace);
  log('TRACE', [`Trace: ${util.format(...args)}\n${String(trace.stack).split('\n').slice(1).join('\n')}`]);
};
console.debug = (...args) => log('DEBUG', args);
console.log = console.info = (...args) => log('INFO', args);
console.warn = (...args) => log('WARN', args);
console.error = (...args) => log('ERROR', args);
console.fatal = (...args) => log('FATAL', args);

// ---- errors -----------------------------------------------------------------

const named = (name) => {
  const type = { [name]: class extends Error {} }[name];
  type.prototype.name = `Runtime.${name}`;
  return type;
};
const ImportModuleError = named('ImportModuleError');
const HandlerNotFound = named('HandlerNotFound');
const MalformedHandlerName = named('MalformedHandlerName');
const UserCodeSyntaxError = named('UserCodeSyntaxError');
const MalformedStreamingHandler = named('MalformedStreamingHandler');
const UnhandledPromiseRejection = named('UnhandledPromiseRejection');

const isError = (e) => util.types.isNativeError(e)
  || (e && e.name && e.message && e.stack && typeof e.name === 'string' && typeof e.message === 'string' && typeof e.stack === 'string');

function toResponse(error) {
  try {
    if (isError(error)) {
      return {
        errorType: error.name?.replaceAll('\x7F', '%7F'),
        errorMessage: error.message?.replaceAll('\x7F', '%7F'),
        trace: error.stack.replaceAll('\x7F', '%7F').split('\n'),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

// formatted is the error as it stands in the log.
function formatted(error) {
  if (json) return error;
  try {
    if (!isError(error)) return `\t${JSON.stringify(toResponse(error))}`;
    const own = {};
    for (const k of Object.keys(error)) own[k] = error[k];
    return `\t${JSON.stringify({
      errorType: error.name, errorMessage: error.message, ...own, stack: (error.stack || '').split('\n'),
    }, (_, v) => (typeof v === 'bigint' ? v.toString() : v))}`;
  } catch {
    return `\t${JSON.stringify(toResponse(error))}`;
  }
}

// ---- the Runtime API --------------------------------------------------------

const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const api = '/2018-06-01/runtime';
const socket = net.connect(Number(port), host);
socket.setNoDelay(true);
let received = Buffer.alloc(0);
const waiting = []; // for answers, in the order of the requests

socket.on('data', (chunk) => {
  received = received.length ? Buffer.concat([received, chunk]) : chunk;
  for (;;) {
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const lines = received.toString('latin1', 0, end).split('\r\n');
    const headers = {};
    for (let i = 1; i < lines.length; i++) {
      const colon = lines[i].indexOf(':');
      headers[lines[i].slice(0, colon).toLowerCase()] = Buffer.from(lines[i].slice(colon + 1).trim(), 'latin1').toString('utf8');
    }
    const size = Number(headers['content-length'] || 0);
    if (received.length < end + 4 + size) {
      if (size > chunk.length * 4) received = grow(received, end + 4 + size);
      return;
    }
    const body = received.subarray(end + 4, end + 4 + size);
    received = received.subarray(end + 4 + size);
    waiting.shift()?.({ status: Number(lines[0].split(' ')[1]), headers, body });
  }
});
const gone = () => process.exit(1); // nobody asks any more
socket.on('close', gone);
socket.on('error', gone);

// grow leaves large payloads to be gathered without copying them for each chunk.
function grow(start, size) {
  const whole = Buffer.alloc(size);
  start.copy(whole);
  let at = start.length;
  const listeners = socket.listeners('data');
  socket.removeAllListeners('data');
  const gather = (chunk) => {
    const take = Math.min(chunk.length, size - at);
    chunk.copy(whole, at, 0, take);
    at += take;
    if (at < size) return;
    socket.removeListener('data', gather);
    listeners.forEach((l) => socket.on('data', l));
    received = Buffer.alloc(0);
    socket.emit('data', take < chunk.length ? Buffer.concat([whole, chunk.subarray(take)]) : whole);
  };
  socket.on('data', gather);
  return start;
}

function request(method, resource, body, headers = {}) {
  const data = body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(body);
  let head = `${method} ${api}${resource} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
  for (const [k, v] of Object.entries(headers)) head += `${k}: ${v}\r\n`;
  if (data) head += `Content-Length: ${data.length}\r\n`;
  head += '\r\n';
  socket.ref();
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!data) socket.write(head);
    else if (data.length < 65536) socket.write(Buffer.concat([Buffer.from(head), data]));
    else {
      socket.write(head);
      socket.write(data);
    }
  });
}

const reportError = (resource, error) => {
  const response = toResponse(error);
  return request('POST', resource, JSON.stringify(response), {
    'Content-Type': 'application/json',
    'Lambda-Runtime-Function-Error-Type': String(response.errorType).replace(/[^\x20-\x7e]/g, '?'),
  });
};

// ---- the handler ------------------------------------------------------------

// Code that runs in its author's folder finds layers and SDK in a node_modules
// that does not lie above it.
const modules = env.SIGNALBOX_NODE_MODULES;
delete env.SIGNALBOX_NODE_MODULES;
if (modules && fs.existsSync(modules)) {
  register(`data:text/javascript,${encodeURIComponent(`
    const parentURL = ${JSON.stringify(pathToFileURL(path.join(modules, '..', 'x.mjs')).href)};
    export async function resolve(specifier, context, next) {
      try {
        return await next(specifier, context);
      } catch (e) {
        if (e.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|:/.test(specifier)) throw e;
        return next(specifier, { ...context, parentURL }).catch(() => { throw e; });
      }
    }`)}`);
}

const streaming = Symbol.for('aws.lambda.runtime.handler.streaming');

class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    stream.write(Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]));
    return stream;
  }
}

globalThis.awslambda = {
  ...globalThis.awslambda,
  streamifyResponse: (handler, options) => {
    handler[streaming] = { highWaterMark: options?.highWaterMark };
    return handler;
  },
  HttpResponseStream,
};

function isModulePackage(file) {
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).type === 'module';
    } catch { /* none here, or none that can be read */ }
    if (dir === path.dirname(dir) || path.basename(dir) === 'node_modules') return false;
  }
}

const tryRequire = (file, extension = '') => (fs.existsSync(file + extension) && (extension || fs.statSync(file).isFile()) ? require(file + extension) : undefined);
const tryImport = async (file, extension) => (fs.existsSync(file + extension) ? import(pathToFileURL(file + extension).href) : undefined);

async function loadModule(root, name) {
  const file = path.resolve(taskRoot, root, name);
  const asModule = isModulePackage(file);
  const loaded = tryRequire(file)
    || (!asModule && tryRequire(file, '.js'))
    || (asModule && await tryImport(file, '.js'))
    || await tryImport(file, '.mjs')
    || tryRequire(file, '.cjs');
  if (loaded) return loaded;
  return require(require.resolve(name, { paths: [taskRoot, path.join(taskRoot, root)] }));
}

async function loadHandler(full) {
  if (full.includes('..')) {
    throw new MalformedHandlerName(`'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const base = path.basename(full);
  const parts = /^([^.]*)\.(.*)$/.exec(base);
  if (!parts) throw new MalformedHandlerName('Bad handler');
  let module;
  try {
    module = await loadModule(full.slice(0, full.lastIndexOf(base)), parts[1]);
  } catch (e) {
    if (e instanceof SyntaxError) throw new UserCodeSyntaxError(e);
    if (e?.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(e);
    throw e;
  }
  const handler = parts[2].split('.').reduce((o, key) => o && o[key], module);
  if (!handler) throw new HandlerNotFound(`${full} is undefined or not exported`);
  if (typeof handler !== 'function') throw new HandlerNotFound(`${full} is not a function`);
  if (handler[streaming] && handler.length > 3) throw new MalformedStreamingHandler('Only response streaming handlers of two or three parameters are supported.');
  return handler;
}

// ---- invocations ------------------------------------------------------------

let complete; // ends the invocation under way; undefined while there is none
let fail; // reports an error that nobody caught, then the process ends

async function die(code, what, error) {
  console.error(what, formatted(error));
  await fail(error);
  process.exit(code);
}
fail = (error) => reportError('/init/error', error);
process.on('uncaughtException', (e) => die(129, 'Uncaught Exception', e));
process.on('unhandledRejection', (reason, promise) => {
  const e = new UnhandledPromiseRejection(reason?.toString());
  e.reason = reason;
  e.promise = promise;
  die(128, 'Unhandled Promise Rejection', e);
});
process.on('beforeExit', () => complete?.(null, null)); // nothing is left that could end it

function parse(name, text) {
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new Error(`Cannot parse ${name} as json: ${e}`);
  }
}

function newContext(headers, deadline) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('ClientContext', headers['lambda-runtime-client-context']),
    identity: parse('CognitoIdentity', headers['lambda-runtime-cognito-identity']),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    tenantId: undefined,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadline - performance.now())),
  };
}

function serialize(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

// call runs the handler and settles with its error or answer. The answer that a
// handler without callback and promise returns is not looked at, as on AWS.
function call(handler, event, context) {
  return new Promise((resolve) => {
    const done = (error, value) => {
      complete = undefined;
      resolve([error, value]);
    };
    complete = done;
    const settle = (error, value) => complete && done(error ?? null, value);
    const callback = (error, value) => {
      if (complete !== done) return; // the first call counts
      if ((error ?? null) !== null || !context.callbackWaitsForEmptyEventLoop) settle(error, value);
      else complete = () => done(null, value);
    };
    context.done = settle;
    context.succeed = (value) => settle(null, value);
    context.fail = (error) => settle(error ?? 'handled');
    socket.unref(); // the event loop is empty when the handler is done
    try {
      const result = handler(event, context, callback);
      if (typeof result?.then === 'function') {
        result.then((v) => settle(null, v), (e) => settle(e ?? new Error(String(e))));
      }
    } catch (e) {
      settle(e ?? new Error(String(e)));
    }
  });
}

// callStreaming gathers what a streaming handler writes.
async function callStreaming(handler, event, context) {
  const chunks = [];
  let type = 'application/octet-stream';
  const stream = new Writable({ write(chunk, _, next) { chunks.push(Buffer.from(chunk)); next(); } });
  stream.setContentType = (t) => { type = t; };
  stream.on('error', () => {});
  const finished = new Promise((resolve, reject) => { stream.on('finish', resolve); stream.on('error', reject); });
  finished.catch(() => {});
  await handler(event, stream, context);
  await finished;
  return { type, body: Buffer.concat(chunks) };
}

// written waits until what was written has left the process.
const written = (stream) => new Promise((resolve) => { stream.write('', resolve); });

async function handle(handler, { headers, body }) {
  const deadline = performance.now() + Number(headers['signalbox-remaining-ms'] || 0);
  requestId = headers['lambda-runtime-aws-request-id'];
  const of = `/invocation/${requestId}`;
  const trace = headers['lambda-runtime-trace-id'];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  fail = (error) => reportError(`${of}/error`, error);
  let error = null;
  let value;
  let type = 'application/json';
  try {
    const event = JSON.parse(body.toString('utf8'));
    const context = newContext(headers, deadline);
    if (handler[streaming]) {
      ({ type, body: value } = await callStreaming(handler, event, context));
    } else {
      [error, value] = await call(handler, event, context);
      if (error === null) value = serialize(value);
    }
  } catch (e) {
    error = e;
  }
  complete = undefined;
  if (process.stdout.writableLength) await written(process.stdout);
  if (process.stderr.writableLength) await written(process.stderr);
  if (error !== null) {
    console.error('Invoke Error', formatted(error));
    reportError(`${of}/error`, error);
  } else {
    request('POST', `${of}/response`, value, { 'Content-Type': type });
  }
}

async function main() {
  let handler;
  try {
    handler = await loadHandler(env._HANDLER);
  } catch (e) {
    console.error('Uncaught Exception', formatted(e));
    await reportError('/init/error', e);
    process.exit(1);
  }
  for (;;) {
    // The request for the next invocation follows the answer to this one
    // without waiting for its receipt.
    await handle(handler, await request('GET', '/invocation/next'));
    requestId = undefined;
    fail = (error) => reportError('/init/error', error);
  }
}
await main();
