# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Lead from the installed package to a login that works, in one run that undoes itself."""
