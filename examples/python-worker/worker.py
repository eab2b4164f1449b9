"""Asks people for permission to restart a host, waits as long as it takes, and restarts exactly the host they approved.

It stores nothing: killed at any moment and started again, it asks with the same key, and finds its request or the answer.
"""
import json
import sys
import time
import urllib.error
import urllib.request
import uuid

base, token, ticket, host = sys.argv[1:5]


def call(method, path, body=None):
    """The status and the body of an answer; a server that is away or busy is asked again."""
    while True:
        request = urllib.request.Request(
            base + path,
            method=method,
            data=None if body is None else json.dumps(body, allow_nan=False).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                return refusal.code, json.load(refusal)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(1)


payload = {"tool_name": "restart_host", "tool_args": {"host": host}}
ask = {"ticket_id": ticket, "type": "tool_approval", "payload": payload, "key": f"restart {host}"}
status, answer = call("POST", "/hitl/requests", ask)
if status not in (200, 201):
    sys.exit(f"not asked: {answer['error']['message']}")
request = answer["hitl"]
print("asked" if status == 201 else "found", request["id"], flush=True)

while request["status"] == "pending":
    _, answer = call("GET", f"/hitl/requests/{request['id']}/wait?timeout=30s")
    request = answer["hitl"]
print(request["status"], flush=True)

if request["status"] == "approved":
    report = f"/hitl/requests/{request['id']}/execution"
    run = {"run_id": str(uuid.uuid4())}
    status, answer = call("POST", report, {**run, "state": "executing", "payload": request["payload"]})
    if status != 200:
        sys.exit(f"not run: {answer['error']['details']['rule']}")
    print("restarting", request["payload"]["tool_args"]["host"], flush=True)
    call("POST", report, {**run, "state": "executed"})
