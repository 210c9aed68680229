"""Uploaded tables: accepted and learned from, bounded, or rejected with a reason."""

import contextlib
import io
import re
import socket

import numpy as np
import pandas as pd
import pytest

import lamina
from lamina.workbench.data import uploads

pytest.importorskip("pyarrow")

HTML = "<script>alert(1)</script>"


def table(n_rows=60):
    """Table with a number, a category with gaps, a date, and a column with a malicious name."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            HTML: rng.normal(size=n_rows).round(2),
            "city": rng.choice(["Oslo", "Rome"], n_rows),
            "built": pd.date_range("2000-01-01", periods=n_rows),
            "nothing": None,
        }
    )
    frame["kind"] = np.where(frame[HTML] > 0, "warm", "cold")
    frame["price"] = 100 + 20 * frame[HTML]
    frame.loc[::7, "city"] = None
    return frame


def csv(frame):
    return frame.to_csv(index=False).encode()


@pytest.fixture
def send(browser):
    """Return `send(content, name)`, which returns the server's response to an upload."""

    def post(content, name="table.csv", **headers):
        return browser.http.post(
            "/api/upload",
            params={"name": name},
            content=content,
            headers={"origin": browser.origin, **headers},
        )

    return post


def test_columns_are_described_with_kind_missing_values_and_encoding(send):
    answer = send(csv(table()))
    assert answer.status_code == 200
    message = answer.json()
    assert (message["name"], message["n_rows"]) == ("table.csv", 60)
    columns = {column["name"]: column for column in message["columns"]}
    assert [columns[name]["kind"] for name in (HTML, "city", "built", "nothing")] == [
        "number",
        "category",
        "date",
        None,
    ]
    city = columns["city"]
    assert (city["n_missing"], city["n_distinct"]) == (9, 2)
    assert set(city["examples"]) == {"Oslo", "Rome"}
    assert city["becomes"] == "0 or 1 for each category that is not rare, and 1 where it is missing"


def test_remarks_name_the_rows_of_the_file(send):
    rows = [f"{1000 + 7 * i},{i % 3}" for i in range(60)]
    rows[4] = "?,1"
    remarks = send(b"price,y\n" + "\n".join(rows).encode()).json()["remarks"]
    assert remarks == [
        "column 'price' holds numbers, except '?' in row 5 of the file: read as missing"
    ]
    rows = [f"Åsa,{i % 3}" for i in range(60)]
    (remark,) = send(("name,y\n" + "\n".join(rows)).encode("cp1252")).json()["remarks"]
    assert remark.startswith("table.csv is no UTF-8 text (byte 0xc5 in line 2)")


def test_parquet_is_accepted(send):
    file = io.BytesIO()
    table().drop(columns="nothing").to_parquet(file)
    assert send(file.getvalue(), "t.parquet").json()["n_rows"] == 60


@pytest.mark.parametrize(("target", "task"), [("kind", "classification"), ("price", "regression")])
def test_a_table_can_be_trained_on_and_exported(target, task, send, browser, tmp_path, monkeypatch):
    content = csv(table())
    key = send(content, "houses.csv").json()["hash"]
    page = browser.open()
    session = page.receive()["session"]
    source = {"kind": "upload", "hash": key, "target": target}
    page.do("set", experiment={"data": source, "model": {"batch_size": 10}})
    while (state := page.event("state"))["data"]["name"] != "houses.csv":
        pass
    assert state["data"]["task"] == task
    assert state["data"]["classes"] == (["cold", "warm"] if task == "classification" else [])
    assert "city=Oslo" in state["data"]["inputs"]
    assert HTML in state["data"]["features"]
    page.do("step", epochs=3)
    header, _ = page.arrives_at(3)

    (tmp_path / "houses.csv").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    code = browser.http.get("/api/export/script", params={"session": session}).text
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "workbench_run.py", "exec"), {})
    assert float(re.search(r"epochs: (\S+)", out.getvalue()).group(1)) == header["loss"]

    file = browser.http.get("/api/export/model", params={"session": session}).content
    (tmp_path / "model.lamina").write_bytes(file)
    predicted = lamina.load(tmp_path / "model.lamina").predict(table().drop(columns="nothing"))
    assert predicted.shape == (60,)


def test_numbers_without_gaps_stay_in_their_own_units(send, browser):
    frame = pd.DataFrame({"age": np.arange(40.0), "pay": np.arange(40) * 1000, "y": [0, 1] * 20})
    key = send(csv(frame)).json()["hash"]
    page = browser.open()
    page.frame("data")
    page.do("set", experiment={"data": {"kind": "upload", "hash": key, "target": "y"}})
    header, arrays = page.frame("data")
    assert (header["plane"]["x_name"], header["plane"]["y_name"]) == ("age", "pay")
    assert arrays["train_points"][:, 1].max() > 30_000


BROKEN = {
    "ragged": (b"a,b\n1,2\n3\n", r"cannot be read as CSV: line 3 has 1 field"),
    "binary": (b"\x00\x01\x02" * 50, "is not a text file"),
    "not UTF-8": (b"a,b\n1,\x81\n", "is no UTF-8 text"),
    "empty": (b"", "is empty"),
    "a header alone": (b"a,b\n", "no rows below its header"),
    "two columns of one name": (b"a,a\n1,2\n", "two columns named 'a'"),
    "no Parquet behind its magic": (b"PAR1" + b"\0" * 64, "cannot be read as a Parquet file"),
    "a pickle": (b"\x80\x04\x95\x1a\x00\x00\x00cposix\nsystem\n", "is no"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_invalid_files_are_rejected_with_a_reason(name, send):
    content, text = BROKEN[name]
    answer = send(content, "mine.csv")
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert re.search(text, message)
    assert message.startswith("mine.csv ")
    assert "/" not in message


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("", "table.csv"),
        ("..", ".."),
        ("x" * 500, "x" * 100),
        ("a\x00b\n.csv", "ab.csv"),
    ],
)
def test_a_file_name_is_only_a_label(name, shown, send):
    assert send(csv(table()), name).json()["name"] == shown


def test_an_announced_oversized_upload_is_rejected_at_once(server, browser):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
        request = (
            f"POST /api/upload?name=big.csv HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: {browser.origin}\r\nCookie: {browser.cookie}\r\n"
            f"Content-Length: {2 << 30}\r\n\r\n"
        )
        raw.sendall(request.encode())
        answer = raw.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_stream_without_end_is_cut_off(send, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_BYTES", 1000)
    sent = []

    def forever():
        yield b"a,b\n"
        while len(sent) < 100_000:
            sent.append(b"1,2\n" * 100)
            yield sent[-1]

    with contextlib.suppress(OSError, Exception):
        assert send(forever()).status_code == 413
    assert len(sent) < 100_000


def test_too_many_rows_or_columns_are_rejected(send, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_ROWS", 59)
    answer = send(csv(table()))
    assert answer.status_code == 413
    assert "60 rows" in answer.json()["message"]


def test_a_decompression_bomb_is_rejected_before_unpacking(send, monkeypatch):
    file = io.BytesIO()
    pd.DataFrame({"a": np.zeros(100_000)}).to_parquet(file, use_dictionary=False)
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 100_000)
    assert len(file.getvalue()) < 50_000
    answer = send(file.getvalue())
    assert answer.status_code == 413
    assert "unpacks to" in answer.json()["message"]


def test_released_tables_are_listed(send, server):
    server.workbench.data_store.most_bytes = 1
    assert send(csv(table()), "first.csv").json()["released"] == []
    assert send(csv(table(70)), "second.csv").json()["released"] == ["first.csv"]
    assert len(server.workbench.data_store._kept) == 1


LONG = "long " * 100_000


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}},
        {"store_schema": False, "row_group_size": 500},
    ],
    ids=["once for all rows", "by what differs", "in groups"],
)
def test_a_long_repeated_text_is_rejected_without_unpacking(written, send, until):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    file = io.BytesIO()
    parquet.write_table(pa.table({"a": [LONG] * 2000, "y": range(2000)}), file, **written)
    assert len(file.getvalue()) < 1_000_000
    before = pa.total_allocated_bytes()
    answer = send(file.getvalue())
    assert answer.status_code == 413
    assert "unpacks to" in answer.json()["message"]
    # Its memory is released after the response has been sent.
    until(lambda: pa.total_allocated_bytes() - before < 1_000_000)


def test_repeated_numbers_are_counted_in_every_row(send, monkeypatch):
    file = io.BytesIO()
    pd.DataFrame({name: np.zeros(50_000) for name in "abc"}).to_parquet(file)
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 1_000_000)
    assert len(file.getvalue()) < 10_000
    assert send(file.getvalue()).status_code == 413


def test_texts_categories_and_missing_values_are_preserved(send):
    frame = table().drop(columns="nothing")
    frame["size"] = pd.Categorical(["small", "large"] * 30)
    file = io.BytesIO()
    frame.to_parquet(file)
    message = {each["name"]: each for each in send(file.getvalue(), "t.parquet").json()["columns"]}
    assert (message["city"]["n_missing"], message["size"]["n_distinct"]) == (9, 2)


def test_a_column_of_lists_is_rejected(send):
    file = io.BytesIO()
    pd.DataFrame({"a": [[1, 2], [3]], "y": [0, 1]}).to_parquet(file)
    answer = send(file.getvalue(), "lists.parquet")
    assert answer.status_code == 400
    assert "column 'a' holds lists or records" in answer.json()["message"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"target": "knid"}, "Did you mean 'kind'?"),
        ({"target": "nothing"}, "has no value in any row"),
        ({"target": "kind", "columns": ["cty"]}, "Did you mean 'city'?"),
        ({"target": "kind", "columns": []}, "must be a list of names"),
        ({"target": "kind", "task": "clustering"}, "must be one of classification, regression"),
        ({"target": "kind", "task": "regression"}, "where a number is expected"),
    ],
)
def test_invalid_choices_for_a_table_are_rejected(source, text, send, browser):
    key = send(csv(table())).json()["hash"]
    page = browser.open()
    page.do("set", experiment={"data": {"kind": "upload", "hash": key, **source}})
    message = page.event("error")["message"]
    assert text in message
    assert "--" not in message


def test_a_released_table_is_reported(page):
    page.do("set", experiment={"data": {"kind": "upload", "hash": "0" * 64, "target": "y"}})
    assert "upload it again" in page.event("error")["message"]
