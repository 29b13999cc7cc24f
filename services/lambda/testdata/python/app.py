import json
import logging
import os
import sys
import time

log = logging.getLogger()
log.setLevel(logging.INFO)


def handler(event, context):
    do = event.get("Do")
    if do == "echo":
        return event.get("With")
    if do == "throw":
        raise ValueError("boom")
    if do == "exit":
        os._exit(event["N"])
    if do == "hang":
        time.sleep(3600)
    if do == "print":
        print("to stdout")
        print("to stderr", file=sys.stderr)
        log.info("logged %s", json.dumps({"a": 1}))
    if do == "flood":
        line = "x" * 1023
        for _ in range(event["N"]):
            print(line)
    if do == "large":
        return "x" * event["N"]
    if do == "unserializable":
        return object()
    if do == "env":
        return dict(os.environ)
    if do == "pid":
        return os.getpid()
    if do == "module":
        return __import__(event["With"]).value
    if do == "context":
        custom = context.client_context.custom if context.client_context else {}
        return {
            "requestId": context.aws_request_id, "arn": context.invoked_function_arn, "name": context.function_name,
            "version": context.function_version, "memory": context.memory_limit_in_mb,
            "group": context.log_group_name, "stream": context.log_stream_name,
            "remaining": context.get_remaining_time_in_millis(), "custom": custom.get("who"),
        }
    return None
