# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Strict simulators of providers: each takes what the real one documents, and nothing else."""
