# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
# The program knows its own words: fish asks it once, at the first Tab.
_SMSOTPCTL_COMPLETE=fish_source smsotpctl | source
