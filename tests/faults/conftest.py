# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The real daemon on a private bus, for what breaks under it."""

from tests.bus.conftest import bus_address, daemon, requirements, root

__all__ = ["bus_address", "daemon", "requirements", "root"]
