/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A login with one password field, as SDDM, JupyterHub and mail servers have it: whatever PAM asks
 * hidden is answered with the one password that was typed beforehand.
 *
 *   single_prompt SERVICE USER [RHOST [TTY]] <PASSWORD
 *
 * Shows "info TEXT", "error TEXT" and "hidden TEXT" as they come, then the result in PAM's words.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char password[4096];

static int converse(int count, const struct pam_message **messages, struct pam_response **replies,
                    void *data)
{
    (void)data;
    struct pam_response *made = calloc((size_t)count, sizeof *made);
    if (!made)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        switch (messages[i]->msg_style) {
        case PAM_PROMPT_ECHO_OFF:
            printf("hidden %s\n", messages[i]->msg);
            made[i].resp = strdup(password);
            break;
        case PAM_TEXT_INFO:
            printf("info %s\n", messages[i]->msg);
            break;
        case PAM_ERROR_MSG:
            printf("error %s\n", messages[i]->msg);
            break;
        default: /* it has the user's name already, and no second field */
            free(made);
            return PAM_CONV_ERR;
        }
    }
    *replies = made;
    return PAM_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: single_prompt SERVICE USER [RHOST [TTY]] <PASSWORD\n");
        return 2;
    }
    size_t length = fread(password, 1, sizeof password - 1, stdin);
    password[length] = '\0';

    struct pam_conv conversation = {converse, NULL};
    pam_handle_t *handle;
    if (pam_start(argv[1], argv[2], &conversation, &handle) != PAM_SUCCESS)
        return 3;
    if (argc > 3)
        pam_set_item(handle, PAM_RHOST, argv[3]);
    if (argc > 4)
        pam_set_item(handle, PAM_TTY, argv[4]);
    int result = pam_authenticate(handle, 0);
    printf("%s\n", pam_strerror(handle, result));
    pam_end(handle, result);
    return result == PAM_SUCCESS ? 0 : 1;
}
