# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`make demo`: the README's first login, for real, in a machine that is thrown away."""
