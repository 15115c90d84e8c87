# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""An SMS provider inside a machine: takes what the `http` gateway sends, or takes its time.

Run there as a program, which writes the fields of each request as a line to the file named on the
command line. /sms answers at once, every other path never does.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

PORT: Final = 8025


class Provider(BaseHTTPRequestHandler):
    """Answer one request, or none."""

    def do_GET(self) -> None:  # the name that http.server looks for
        """Take a message as a query."""
        parts = urlsplit(self.path)
        fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with Path(sys.argv[1]).open("a") as received:
            received.write(json.dumps(fields) + "\n")
        if parts.path != "/sms":
            threading.Event().wait()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"queued")

    def log_message(self, *_: object) -> None:
        """Write no access log: it would put messages into the journal that we search for them."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Provider).serve_forever()
