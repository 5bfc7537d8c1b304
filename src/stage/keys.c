/*
 * keys: keys on their way from an approval to their client.
 *
 * May not: say a key to anyone but its client: not to a log, not to the
 * ledger, not to a receipt.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"

#include "form.h"
#include "keys.h"
#include "token.h"

#define FOLDER "keys"
#define WORK ".new-"		/* our files on their way into it */

struct keys {
	struct desk	*desk;
	int		 dir;
	struct fs_batch	*made;		/* in the open group; NULL: none */
};

/* "AK-000012.key", "AK-000012.r2.key" */
static void
key_file(char name[PAPER_NAME], const char *number, unsigned revision)
{
	if (revision > 1)
		snprintf(name, PAPER_NAME, "%s.r%u.key", number, revision);
	else
		snprintf(name, PAPER_NAME, "%s.key", number);
}

struct keys *
keys_open(struct desk *desk)
{
	struct keys *k = mem_alloc(sizeof(*k));

	*k = (struct keys){ .desk = desk, .dir = -1 };
	if (fs_make_dir(desk->own, FOLDER, 0700) == 0)
		k->dir = fs_open_dir(desk->own, FOLDER);
	if (k->dir >= 0)
		return k;
	keys_close(k);
	return NULL;
}

void
keys_close(struct keys *k)
{
	if (k == NULL)
		return;
	fs_batch_free(k->made);
	if (k->dir >= 0)
		close(k->dir);
	free(k);
}

int
keys_make(struct keys *k, const char *number, unsigned revision,
    char sha256[SHA256_HEX])
{
	char token[TOKEN_TEXT + 1], name[PAPER_NAME];
	int status;

	if (k->made == NULL)
		k->made = fs_batch_new(k->dir, WORK);
	key_file(name, number, revision);
	token_make(token);
	hash_sha256(sha256, token, TOKEN_LENGTH);
	token[TOKEN_LENGTH] = '\n';
	status = fs_batch_put(k->made, k->dir, name, token, TOKEN_LENGTH + 1,
	    0600);
	hash_wipe(token, sizeof(token));
	return status;
}

int
keys_sync(struct keys *k)
{
	int status;

	if (k->made == NULL)
		return 0;
	status = fs_batch_sync(k->made) != 0 ||
	    fs_batch_show(k->made, NULL, NULL) != 0 ? -1 : 0;
	fs_batch_free(k->made);
	k->made = NULL;
	return status;
}
