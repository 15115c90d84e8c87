# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The terminal in a real pam_python, on a private bus, against a scripted daemon."""
