# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A GSM modem that ModemManager owns, over its bus interface."""
