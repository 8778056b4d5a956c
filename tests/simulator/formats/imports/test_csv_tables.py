"""Tables of loads and of durations as load generators, monitors and logs write them.

Sources: Apache JMeter, *CSV log format* (elapsed in milliseconds); k6, *Results output: CSV* (durations in
milliseconds); hey (`-o csv`, seconds); Grafana, *Download CSV*; Amazon CloudWatch (dates with slashes).
"""

# ruff: noqa: E501 -- files of other programs stand here as they would be written
from __future__ import annotations

import pytest

from simulator.errors import InvalidDesign
from simulator.formats.imports import mermaid, source_file
from tests.simulator.formats.imports.importing import has_note, imported, nodes, stands


def test_measured_rows_may_be_larger_than_any_other_file(monkeypatch):
    for module in (source_file, mermaid):
        monkeypatch.setattr(module, "MOST_BYTES", 1_000)
    made = imported("".join(f"{number}\n" for number in range(1_000)), names=("web.csv",))
    assert len(nodes(made)["web"]["config"]["arrivals"]["times"]) == 1_000
    made = imported("duration_ms\n" + "5\n" * 1_000, names=("web.csv",))
    assert nodes(made)["web"]["config"]["service_time"]["value"] == 0.005


DAY = "2026-05-01T00:0"
#: The history that Locust writes, for each name and for all together; a row of a second that was there, and a reset.
LOCUST = """Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,Total Request Count,Total Median Response Time
1777593600,0,,Aggregated,0.000000,0.000000,N/A,0,0
1777593601,2,GET,/,0.000000,0.000000,5,7,8
1777593601,2,,Aggregated,0.000000,0.000000,5,10,8
1777593601,2,,Aggregated,0.000000,0.000000,5,10,8
1777593602,4,GET,/,0.000000,0.000000,5,20,8
1777593602,4,,Aggregated,3.500000,0.000000,5,30,8
1777593603,4,,Aggregated,4.000000,0.000000,5,4,8
"""
#: Rows, and the arrivals of each producer: counts, or times.
LOADS = {
    "a header": ("timestamp,count\n2026-05-01T00:00:00Z,3\n2026-05-01T00:01:00Z,4\n", {"web": [[0, 3], [60, 4]]}),
    "Grafana": ('"Time","Requests"\n"2026-05-01 00:00:00",3\n"2026-05-01 00:01:00",4\n', {"web": [[0, 3], [60, 4]]}),
    "a column for each": ('"Time";"orders";"mails"\n"2026-05-01T00:00:00Z";3;\n"2026-05-01T00:01:00Z";4;5\n', {"orders": [[0, 3], [60, 4]], "mails": [[0, 0], [60, 5]]}),
    "a column of names": (f"timestamp,service,count\n{DAY}0:00Z,orders,3\n{DAY}0:00Z,mails,9\n{DAY}1:00Z,orders,4\n{DAY}1:00Z,mails,8\n", {"orders": [[0, 3], [60, 4]], "mails": [[0, 9], [60, 8]]}),
    "other columns": (f"id,timestamp,request_count,error_rate,note\n7,{DAY}0:00Z,3,0.1,\"a, b\"\n8,{DAY}1:00Z,4,0.2,c\n", {"web": [[0, 3], [60, 4]]}),
    "rows that are messages": (f"timestamp,user,path\n{DAY}0:00Z,u1,/a\n{DAY}0:02Z,u2,/b\n", {"web": [0, 2]}),
    "slashes": ("Date,Requests\n2026/05/01 00:00:00,3\n2026/05/01 00:05:00,4\n", {"web": [[0, 3], [300, 4]]}),
    "milliseconds": ("timestamp,value\n1777593600000,3\n1777593660000,4\n", {"web": [[0, 3], [60, 4]]}),
    "microseconds": ("timestamp,value\n1777593600000000,3\n1777593660000000,4\n", {"web": [[0, 3], [60, 4]]}),
    "nanoseconds": ("timestamp,value\n1777593600000000000,3\n1777593660000000000,4\n", {"web": [[0, 3], [60, 4]]}),
    "single times in milliseconds": ("1777593600000\n1777593600500\n", {"web": [0, 0.5]}),
    "dots": ("Time;Orders\n01.05.2026 00:00;3\n01.05.2026 00:01;4\n", {"web": [[0, 3], [60, 4]]}),
    "thousands": ('"Time","Requests"\n"2026-05-01 00:00:00","1,204"\n"2026-05-01 00:01:00",998\n', {"web": [[0, 1204], [60, 998]]}),
    "Locust": (LOCUST, {"web": [[0, 10], [1, 20], [2, 4]]}),
    "seconds": ("timestamp,value\n1777593600,3\n1777593660,4\n", {"web": [[0, 3], [60, 4]]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "loads"), LOADS.values(), ids=LOADS)
def test_a_recorded_load_is_read_however_its_columns_stand(text, loads):
    made = imported(text, names=("web.csv",))
    for name, rows in loads.items():
        arrivals = nodes(made)[name]["config"]["arrivals"]
        assert [tuple(row) if isinstance(row, list) else row for row in rows] == [
            tuple(row) if isinstance(row, list) else row
            for row in arrivals.get("counts") or arrivals["times"]
        ]
    assert sum(node["kind"] == "producer" for node in nodes(made).values()) == len(loads)
    stands(made)


def test_what_is_assumed_and_left_out_of_a_load_is_listed():
    made = imported(LOADS["a column for each"][0], names=("web.csv",))
    assert has_note(made, "assumed", "web.csv", "1 cells without a count are taken for 0")
    made = imported(LOADS["other columns"][0], names=("web.csv",))
    assert has_note(made, "not-modelled", "columns that are not read: id, error_rate, note")
    made = imported(LOCUST, names=("checkout_stats_history.csv",))
    assert "checkout" in nodes(made)
    assert has_note(made, "assumed", "counts are what Total Request Count grew by from row to row")
    assert has_note(
        made, "not-modelled", "not read: User Count, Type, Requests/s, Failures/s, 50%, Total Median"
    )
    made = imported(LOADS["rows that are messages"][0], names=("web.csv",))
    assert has_note(made, "assumed", "each row is one message")


JMETER = """timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,Latency
1777593600000,100,Search,200,"OK, found",Users 1-1,true,,90
1777593600100,100,Search,200,OK,Users 1-2,true,,90
1777593600200,300,Log in,500,Error,Users 1-1,false,"Two lines
of it",20
"""
K6 = """metric_name,timestamp,metric_value,check,error,group,name,status
http_reqs,1777593600,1.000000,,,,x,200
http_req_duration,1777593600,200.000000,,,,http://x,200
iteration_duration,1777593600,900.000000,,,,,
http_req_duration,1777593601,200.000000,,,,http://x,200
"""
#: Rows, and the mean service time of each worker in seconds.
DURATIONS = {
    "JMeter": (JMETER, {"search": 0.1, "log-in": 0.3}),
    "k6": (K6, {"http-x": 0.2}),
    "hey": ("response-time,DNS+dialup,status-code,offset\n0.25,0.002,200,0.1\n0.25,0.002,200,0.2\n", {"web": 0.25}),
    "Vegeta": ("1777593600000000000,200,5000000,0,612,,,bench,0,GET,http://x/,\n1777593600100000000,200,5000000,0,612,,,bench,1,GET,http://x/,\n", {"web": 0.005}),
    "ApacheBench": ("starttime\tseconds\tctime\tdtime\tttime\twait\nFri May 01 00:00:00 2026\t1777593600\t0\t4\t5\t4\nFri May 01 00:00:01 2026\t1777593601\t0\t4\t5\t4\n", {"web": 0.005}),
    "milliseconds": ("service,duration_ms\nbilling,5\nbilling,5\n", {"billing": 0.005}),
    "a unit in brackets": ("Duration (ms);Host\n5;a\n5;a\n", {"web": 0.005}),
    "microseconds": ("latency_us\n5000\n5000\n", {"web": 0.005}),
    "CamelCase": ("functionName,executionTimeMs\nresize,5\nresize,5\n", {"resize": 0.005}),
    "missing values": ("time_iso8601,request_time,upstream_response_time\n2026-05-01T00:00:00+00:00,0.5,0.1\n2026-05-01T00:00:01+00:00,-,-\n", {"web": 0.5}),
    "quotes": ('service,duration_ms,message\nbilling,5,"a, b"\nbilling,5,"c ""d"""\n', {"billing": 0.005}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "means"), DURATIONS.values(), ids=DURATIONS)
def test_durations_are_read_in_their_unit_however_their_columns_stand(text, means):
    made = imported(text, names=("web.csv",))
    workers = {id: node for id, node in nodes(made).items() if node["kind"] == "consumer"}
    found = {id: node["config"]["service_time"] for id, node in workers.items()}
    assert {id: one.get("value", one.get("mean")) for id, one in found.items()} == pytest.approx(means)
    stands(made)


def test_what_is_assumed_and_left_out_of_durations_is_listed():
    made = imported(DURATIONS["hey"][0], names=("web.csv",))
    assert has_note(made, "assumed", "web.csv, line 1", "response-time is in seconds: its name has no unit")
    assert has_note(made, "not-modelled", "line 1", "not read: DNS+dialup, status-code, offset")
    made = imported(DURATIONS["missing values"][0], names=("web.csv",))
    assert has_note(made, "not-understood", "1 rows have no request_time")
    made = imported(K6, names=("web.csv",))
    assert has_note(made, "not-modelled", "other metrics: http_reqs (1), iteration_duration (1)")
    assert not has_note(imported(JMETER, names=("web.csv",)), "assumed", "no unit")


#: Tables that would be misread: rows and the reason.
REFUSED = {
    "rates": (f"timestamp,rps\n{DAY}0:00Z,2.5\n{DAY}1:00Z,3\n", "line 1: rps: messages a second, no counts .Multiply by the seconds"),
    "one second of Locust": ("Timestamp,User Count,Name,Requests/s,Total Request Count\n1777593600,9,Aggregated,0.5,0\n1777593601,9,Aggregated,5,5\n", "the load of web.csv has one row"),
    "no total": ("Timestamp,User Count,Name,Requests/s,Total Request Count\n1777593600,9,Aggregated,0.5,0\n1777593601,9,Aggregated,5,x\n", "line 3: no number in column 5, Total Request Count"),
    "figures of Locust": ("Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Requests/s\nGET,/,451,0,4,4.6,32.2\n", "not read itself|Figures of a whole test"),
    "figures of JMeter": ("Label,# Samples,Average,Median,90% Line,Throughput\nHome,1000,45,40,80,99.8\nTOTAL,1000,45,40,80,99.8\n", "not read itself|Figures of a whole test"),
    "percentiles of ApacheBench": ("Percentage served,Time in ms\n0,3.9\n50,5.2\n", "not read itself|Figures of a whole test"),
    "no known column": ("HashFunction,Rounds,Maximum\na,100,300\nb,200,300\n", "a load is timestamp,count; service times have a column named like duration_ms|A load is"),
    "parts of a day": ("Date,Requests\n05/01/2026 00:00,3\n05/01/2026 00:01,4\n", "line 2 of web.csv: '05/01/2026 00:00' is neither seconds nor an ISO 8601 time"),
    "rows of other lengths": (f"timestamp,service,count\n{DAY}0:00Z,orders,3\n{DAY}1:00Z,orders\n", "line 3: 2 columns; the first row has 3"),
    "unsorted": (f"timestamp,service,count\n{DAY}1:00Z,orders,3\n\n{DAY}0:00Z,orders,4\n", "line 4 of web.csv: time .* does not come after"),
    "quotes that never end": ('service,duration_ms\n"billing,5\n' + "billing,5\n" * 20_000, "line .*field larger than field limit"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_would_be_misread_is_refused_with_its_line(text, reason):
    with pytest.raises(InvalidDesign, match=reason):
        imported(text, names=("web.csv",))
