import time
import tests.e2e.test_kafka_collector as t
from tests.e2e.test_kafka_collector import *
def test_time(kafka, topics, tmp_path):
    t0=time.monotonic()
    def lap(w): print(f"{time.monotonic()-t0:.1f} {w}", flush=True)
    settings = topics.settings(kafka) | {"WATCHKEEPER_BATCH_MAX_MESSAGES": "2","WATCHKEEPER_KAFKA_CALLS_TOPIC": "","WATCHKEEPER_KAFKA_GROUP_INSTANCE_ID": "one"}
    kafka.send(topics.spans, [numbered(n) for n in range(120)]); lap("sent")
    with running("collector", tmp_path, settings) as c:
        wait_until_ready(c); lap("ready")
        c.wait_for_calls(20); lap("calls %d" % c.calls())
        c.kill(); lap("killed")
    with running("collector", tmp_path, settings) as c:
        wait_until_ready(c); lap("ready")
        lap("calls %d" % c.calls())
        c.wait_for_calls(120*20); lap("all")
        c.end(); lap("ended")
    stored(c.data_dir); lap("stored")
