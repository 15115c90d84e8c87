/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A PAM module that returns what its line tells it, and says that it was asked.
 *
 *   pam_told.so NAME AUTH CRED     the numbers that pam_sm_authenticate and pam_sm_setcred return
 */
#include <security/pam_modules.h>

#include <stdlib.h>

static int tell(pam_handle_t *handle, int argc, const char **argv, int which)
{
    const void *found = NULL;
    if (argc != 3 || pam_get_item(handle, PAM_CONV, &found) != PAM_SUCCESS || found == NULL)
        return PAM_SYSTEM_ERR;
    const struct pam_conv *conversation = found;
    const struct pam_message message = {PAM_TEXT_INFO, argv[0]};
    const struct pam_message *messages[] = {&message};
    struct pam_response *response = NULL;
    conversation->conv(1, messages, &response, conversation->appdata_ptr);
    free(response);
    return atoi(argv[which]);
}

int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)flags;
    return tell(handle, argc, argv, 1);
}

int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)flags;
    return tell(handle, argc, argv, 2);
}
