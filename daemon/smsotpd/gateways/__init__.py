# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Outbound adapter: one small declaration per provider, and one place that talks HTTP."""
