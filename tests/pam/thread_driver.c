/* SPDX-FileCopyrightText: The pam-smsotp authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A PAM application that logs in from many threads at once.
 *
 *   thread_driver THREADS ROUNDS SERVICE USER ANSWER…
 *
 * Every thread holds ROUNDS transactions, one after the other; its answers start again in each.
 * Writes "granted COUNT" and "fds COUNT COUNT", after the first round of one thread and at the end.
 */
#include <dirent.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct logins {
    pthread_t thread;
    const char *service, *user;
    char **answers;
    int rounds, used, granted;
};

static int converse(int n, const struct pam_message **messages, struct pam_response **replies,
                    void *data)
{
    struct logins *l = data;
    struct pam_response *made = calloc((size_t)n, sizeof *made);
    for (int i = 0; i < n; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF && l->answers[l->used])
            made[i].resp = strdup(l->answers[l->used++]);
    *replies = made;
    return PAM_SUCCESS;
}

static void *log_in(void *data)
{
    struct logins *l = data;
    struct pam_conv conversation = {converse, l};
    for (int round = 0; round < l->rounds; round++) {
        pam_handle_t *handle;
        l->used = 0;
        if (pam_start(l->service, l->user, &conversation, &handle) != PAM_SUCCESS)
            return NULL;
        int result = pam_authenticate(handle, 0);
        l->granted += result == PAM_SUCCESS;
        pam_end(handle, result);
    }
    return NULL;
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    int count = atoi(argv[1]), granted = 0;
    struct logins first = {.service = argv[3], .user = argv[4], .answers = argv + 5, .rounds = 1};
    struct logins *all = calloc((size_t)count, sizeof *all);
    log_in(&first);
    int before = open_descriptors();
    for (int i = 0; i < count; i++) {
        all[i] = first;
        all[i].rounds = atoi(argv[2]);
        all[i].granted = 0;
        if (pthread_create(&all[i].thread, NULL, log_in, &all[i]) != 0)
            return 3;
    }
    for (int i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        granted += all[i].granted;
    }
    free(all);
    printf("granted %d\nfds %d %d\n", granted, before, open_descriptors());
    return 0;
}
