"""Judges every file of a folder with one scanner: `judge.py <modelscan|picklescan|strict|fickling> <folder>` prints {file: verdict}.

Verdicts: `found` (the scanner reports the file), `gave up` (an error, a skip, or more than 30 s), `clean`. Each file goes through the
function that the scanner offers for one file, with its defaults; `strict` is picklescan --strict.
"""

import contextlib
import io
import json
import logging
import os
import signal
import sys
import warnings
import zipfile

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)


def with_modelscan():
    from modelscan.modelscan import ModelScan

    def judge(path):
        result = ModelScan().scan(path)
        summary = result["summary"]
        if summary["total_issues"] > 0:
            return "found"
        return "gave up" if result["errors"] or summary["skipped"]["total_skipped"] > 0 else "clean"

    return judge


def with_picklescan(strict):
    from picklescan.scanner import scan_file_path

    def judge(path):
        result = scan_file_path(path, strict=strict)
        if result.issues_count > 0 or (strict and result.suspicious_count > 0):
            return "found"
        return "gave up" if result.scan_err or result.scanned_files == 0 else "clean"

    return judge


def with_fickling():
    from fickling import scan_file, scan_zip_archive
    from fickling.analysis import Severity

    def judge(path):
        if zipfile.is_zipfile(path):
            results = list(scan_zip_archive(path, graceful=True).values())
        else:
            results = [scan_file(path, graceful=True)]
        if any(result.severity > Severity.LIKELY_SAFE and result.results for result in results):
            return "found"
        return "gave up" if not results or any(result.errors for result in results) else "clean"

    return judge


def timed_out(_signal, _frame):
    raise TimeoutError


tool, folder = sys.argv[1:3]
judge = {
    "modelscan": with_modelscan,
    "picklescan": lambda: with_picklescan(False),
    "strict": lambda: with_picklescan(True),
    "fickling": with_fickling,
}[tool]()
signal.signal(signal.SIGALRM, timed_out)
verdicts = {}
for name in sorted(os.listdir(folder)):
    signal.alarm(30)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            verdicts[name] = judge(os.path.join(folder, name))
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        verdicts[name] = "gave up"
    finally:
        signal.alarm(0)
json.dump(verdicts, sys.stdout)
