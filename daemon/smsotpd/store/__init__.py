# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""What must outlive a crash, kept in one SQLite database in the state directory."""
