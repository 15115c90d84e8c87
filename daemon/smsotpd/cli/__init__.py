# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""`smsotpctl`: administration over the bus, and the PAM files of this machine."""
