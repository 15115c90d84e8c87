# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""One module per provider, each ending in `GATEWAY = Gateway(...)`."""
