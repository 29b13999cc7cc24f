"""Runtime client for Python: loads the handler and serves invocations of the
Lambda Runtime API, with the names, texts and formats of AWS's own client
(awslambdaric)."""

import decimal
import importlib
import json
import logging
import os
import site
import socket
import sys
import time
import traceback

API = "/2018-06-01/runtime"
HERE = os.path.abspath(__file__)


# ---- logging ----------------------------------------------------------------


class Sink:
    """Writes whole messages to the telemetry descriptor."""

    def __init__(self, fd):
        self.fd = fd

    def log(self, message):
        body = message.encode("utf-8", "backslashreplace")
        stamp = int(time.time() * 1000000)
        data = b"\xa5\x5a\x00\x03" + len(body).to_bytes(4, "big") + stamp.to_bytes(8, "big") + body
        sys.stdout.flush()  # so that the order is kept, as far as it can be
        while data:
            data = data[os.write(self.fd, data):]


class RequestIdFilter(logging.Filter):
    request_id = ""

    def filter(self, record):
        record.aws_request_id = RequestIdFilter.request_id
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": RequestIdFilter.request_id,
        }
        if record.exc_info:
            kind, value, tb = record.exc_info
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(value)
            entry["stackTrace"] = traceback.format_tb(tb)
        reserved = logging.LogRecord("", 0, "", 0, "", None, None).__dict__
        for key, value in record.__dict__.items():
            if key not in reserved and key not in ("aws_request_id", "message", "asctime"):
                entry[key] = value
        return json.dumps(entry, default=str)


class LambdaHandler(logging.Handler):
    def __init__(self, sink):
        super().__init__()
        self.sink = sink

    def emit(self, record):
        try:
            self.sink.log(self.format(record))
        except Exception:
            self.handleError(record)


JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LEVELS = {"TRACE": 10, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}


def set_up_logging(sink):
    handler = LambdaHandler(sink)
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    logging.Formatter.converter = time.gmtime
    if JSON_LOGS:
        handler.setFormatter(JsonFormatter())
        root.setLevel(LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper(), 20))
    else:
        handler.setFormatter(
            logging.Formatter(
                "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
                "%Y-%m-%dT%H:%M:%S",
            )
        )
    root.addHandler(handler)


# ---- errors -----------------------------------------------------------------


class FaultException(Exception):
    """An error of loading the handler."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


def make_error(message, kind, trace, request_id=None):
    error = {"errorMessage": message or "", "errorType": kind or ""}
    if request_id is not None:
        error["requestId"] = request_id
    error["stackTrace"] = trace or []
    return error


def frames(tb):
    """The user's frames: those of this file and of importlib are left out."""
    out = []
    for entry in traceback.extract_tb(tb):
        if os.path.abspath(entry.filename) == HERE or "importlib" in entry.filename:
            continue
        out.append(entry)
    return out


def log_error(sink, error):
    if JSON_LOGS:
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            **{k: error[k] for k in ("errorMessage", "errorType", "requestId", "stackTrace") if k in error},
        }
        sink.log(json.dumps(entry))
        return
    kind, message = error.get("errorType"), error.get("errorMessage")
    if kind and message:
        text = "[ERROR] %s: %s" % (kind, message)
    else:
        text = "[ERROR] %s" % (kind or message)
    trace = error.get("stackTrace")
    if trace:
        text += "\nTraceback (most recent call last):\n" + "".join(trace)
    sink.log(text)


# ---- the Runtime API --------------------------------------------------------


class Api:
    """Speaks HTTP over one connection: a request, its answer, the next."""

    def __init__(self, address):
        host, port = address.split(":")
        self.host = address
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 65536)

    def send(self, method, path, body=None, headers=()):
        head = ["%s %s%s HTTP/1.1" % (method, API, path), "Host: " + self.host]
        head.extend("%s: %s" % h for h in headers)
        if body is not None:
            head.append("Content-Length: %d" % len(body))
        self.socket.sendall("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + (body or b""))

    def receive(self):
        status = self.file.readline()
        if not status:
            sys.exit(1)  # nobody asks any more
        headers = {}
        while True:
            line = self.file.readline()
            if line in (b"\r\n", b""):
                break
            name, _, value = line.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("utf-8")
        size = int(headers.get("content-length", 0))
        return int(status.split()[1]), headers, self.file.read(size) if size else b""

    def report(self, path, error):
        self.send(
            "POST", path, to_json(error).encode("utf-8"),
            (("Content-Type", "application/json"), ("Lambda-Runtime-Function-Error-Type", error.get("errorType") or "Unknown")),
        )


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, decimal.Decimal):
            return float(o)
        raise TypeError("Object of type %s is not JSON serializable" % type(o).__name__)


def to_json(value):
    return json.dumps(value, ensure_ascii=False, cls=Encoder, separators=(", ", ": "))


# ---- the context object -----------------------------------------------------


class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]

    def __init__(self, data):
        self.cognito_identity_id = (data or {}).get("cognitoIdentityId")
        self.cognito_identity_pool_id = (data or {}).get("cognitoIdentityPoolId")

    def __repr__(self):
        return "CognitoIdentity([cognito_identity_id=%s,cognito_identity_pool_id=%s])" % (
            self.cognito_identity_id, self.cognito_identity_pool_id)


class Client:
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"]

    def __init__(self, data):
        for name in self.__slots__:
            setattr(self, name, data.get(name))


class ClientContext:
    __slots__ = ["custom", "env", "client"]

    def __init__(self, data):
        self.custom = data.get("custom")
        self.env = data.get("env")
        self.client = Client(data["client"]) if data.get("client") else None


class LambdaContext:
    def __init__(self, headers, deadline):
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = None
        client = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(json.loads(client)) if client else None
        identity = headers.get("lambda-runtime-cognito-identity")
        self.identity = CognitoIdentity(json.loads(identity) if identity else None)
        self._deadline = deadline

    def get_remaining_time_in_millis(self):
        return max(int((self._deadline - time.monotonic()) * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return (
            "LambdaContext([aws_request_id=%s,log_group_name=%s,log_stream_name=%s,function_name=%s,"
            "memory_limit_in_mb=%s,function_version=%s,invoked_function_arn=%s,client_context=%s,identity=%s])"
            % (self.aws_request_id, self.log_group_name, self.log_stream_name, self.function_name,
               self.memory_limit_in_mb, self.function_version, self.invoked_function_arn,
               self.client_context, self.identity)
        )


# ---- the handler ------------------------------------------------------------


def load_handler(full):
    try:
        module_name, function_name = full.rsplit(".", 1)
    except ValueError:
        raise FaultException("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % full)
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            raise FaultException(
                "Runtime.BuiltInModuleConflict",
                "Cannot use built-in module %s as a handler module" % module_name,
            )
        module = importlib.import_module(module_name.replace("/", "."))
    except FaultException:
        raise
    except ImportError as e:
        raise FaultException("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e))
    except SyntaxError as e:
        trace = ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)]
        raise FaultException("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, e), trace)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise FaultException("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name), None)


def init_error():
    """The error of loading the handler that is being handled."""
    kind, value, tb = sys.exc_info()
    if isinstance(value, FaultException):
        return make_error(value.message, value.kind, value.trace)
    return make_error(str(value), kind.__name__, traceback.format_list(frames(tb)))


def invoke(handler, headers, body):
    """The handler's answer as bytes, or the error that it raised."""
    deadline = time.monotonic() + int(headers.get("signalbox-remaining-ms", 0)) / 1000
    request_id = headers.get("lambda-runtime-aws-request-id")
    RequestIdFilter.request_id = request_id
    trace = headers.get("lambda-runtime-trace-id")
    if trace:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        try:
            event = json.loads(body.decode("utf-8"))
        except Exception as e:
            raise FaultException("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
        result = handler(event, LambdaContext(headers, deadline))
        try:
            return to_json(result).encode("utf-8"), None
        except Exception as e:
            raise FaultException("Runtime.MarshalError", "Unable to marshal response: %s" % e)
    except FaultException as e:
        return None, make_error(e.message, e.kind, e.trace, request_id)
    except Exception:
        kind, value, tb = sys.exc_info()
        return None, make_error(str(value), kind.__name__, traceback.format_list(frames(tb)), request_id)


def main():
    sink = Sink(int(os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD")))
    api = Api(os.environ["AWS_LAMBDA_RUNTIME_API"])
    sys.stdout.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")
    sys.stderr.reconfigure(line_buffering=True, encoding="utf-8", errors="backslashreplace")
    for name in ("setquit", "sethelper", "setcopyright"):
        getattr(site, name)()
    sys.path[:] = [p for p in os.environ.pop("SIGNALBOX_PYTHON_PATH", "").split(os.pathsep) if p] + [
        p for p in sys.path if p and p != os.path.dirname(HERE)]
    set_up_logging(sink)
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception:
        error = init_error()
        log_error(sink, error)
        api.report("/init/error", error)
        api.receive()
        sys.exit(1)
    api.send("GET", "/invocation/next")
    while True:
        _, headers, body = api.receive()
        answer, error = invoke(handler, headers, body)
        path = "/invocation/" + headers["lambda-runtime-aws-request-id"]
        if error is not None:
            log_error(sink, error)
        sys.stdout.flush()
        sys.stderr.flush()
        if error is not None:
            api.report(path + "/error", error)
        else:
            api.send("POST", path + "/response", answer, (("Content-Type", "application/json"),))
        # The request for the next invocation follows without waiting for the receipt.
        api.send("GET", "/invocation/next")
        api.receive()


if __name__ == "__main__":
    main()
