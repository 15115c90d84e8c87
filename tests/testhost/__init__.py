# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A real Debian, booted in a container: what the system tests and the demo log in to."""
