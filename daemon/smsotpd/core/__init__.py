# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""The domain: transactions, codes, throttling, routing. No bus, network, disk, device or clock."""
