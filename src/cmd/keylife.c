/*
 * keylife: what became of the keys of a case, from its history.
 *
 * May not: read a key; what is on its way the daemon tells in
 * .docket/waiting-keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"

#include "form.h"
#include "keylife.h"
#include "keys.h"
#include "out.h"

/* Lines of .docket/waiting-keys that are looked at, in bytes. */
#define WAITING_MAX (4u * 1024 * 1024)

static void
end_all(struct key_lives *all, int64_t at, const char *how)
{
	struct key_life *k;

	for (k = all->list; k < all->list + all->n; k++)
		if (k->ended == 0) {
			k->ended = at;
			k->how = mem_str(how);
		}
}

/* What the rotation that a key comes from leaves of those before it. */
static void
rotate(struct key_lives *all, const struct ruling *r)
{
	struct key_life *k;
	int64_t overlap = 0;

	if (overlap_parse(r->overlap, &overlap) != 0)
		return;
	if (overlap == 0)
		end_all(all, r->at, "rotated");
	for (k = all->list; k < all->list + all->n; k++)
		if (k->until == 0 || k->until > r->at + overlap)
			k->until = r->at + overlap;
}

static void
add(struct key_lives *all, const struct ruling *r)
{
	struct key_life *k;

	rotate(all, r);
	all->list = mem_grow(all->list, all->n + 1, sizeof(*all->list));
	k = &all->list[all->n++];
	*k = (struct key_life){ .revision = r->key_revision,
	    .issued = r->at };
	memcpy(k->sha256, r->key, sizeof(k->sha256));
}

void
key_lives_add(struct key_lives *all, const struct ruling *r)
{
	struct key_life *k;

	if (r->event == EVENT_APPROVE && r->key[0] != '\0')
		add(all, r);
	for (k = all->list; r->event == EVENT_RETIRE &&
	    k < all->list + all->n; k++)
		if (strcmp(k->sha256, r->key) == 0 && k->ended == 0) {
			k->ended = r->at;
			k->how = mem_str(event_past(r->event));
		}
	if (state_ended(r->to))
		end_all(all, r->at, r->event == EVENT_APPROVE ?
		    event_past(EVENT_REVOKE) : event_past(r->event));
}

void
key_lives_free(struct key_lives *all)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		free(all->list[i].how);
	free(all->list);
	*all = (struct key_lives){ NULL, 0 };
}

/* "AK-000012.r2.key" */
static const char *
file_name(char name[PAPER_NAME], const char *number, unsigned revision)
{
	if (revision > 1)
		snprintf(name, PAPER_NAME, "%s.r%u.key", number, revision);
	else
		snprintf(name, PAPER_NAME, "%s.key", number);
	return name;
}

/* What a key waits for, by the file that the daemon keeps; the caller's.
 * NULL: it does not wait, or nobody may know. */
static char *
waits_for(const struct desk *desk, const char *file)
{
	struct buf text = BUF_INIT;
	size_t n = strlen(file);
	char *why = NULL;
	const char *at;

	if (fs_read_file(desk->own, KEYS_WAITING, WAITING_MAX, &text) == 0)
		for (at = buf_str(&text); *at != '\0' && why == NULL;
		    at += strcspn(at, "\n"), at += *at == '\n')
			if (strncmp(at, file, n) == 0 && at[n] == '\t')
				why = mem_strn(at + n + 1,
				    strcspn(at + n + 1, "\n"));
	buf_free(&text);
	return why;
}

void
key_lives_print(const struct key_lives *all, const struct desk *desk,
    const char *number)
{
	char file[PAPER_NAME], issued[TIME_TEXT], when[TIME_TEXT];
	const struct key_life *k;
	char *why;

	if (all->n > 0)
		puts("\nKeys");
	for (k = all->list; k < all->list + all->n; k++) {
		file_name(file, number, k->revision);
		printf("  %-18s  issued %s", file,
		    time_local(issued, k->issued));
		if (k->ended != 0)
			printf(", %s %s", k->how, time_local(when, k->ended));
		else if (k->until != 0)
			printf(", good until %s", time_local(when, k->until));
		printf("\n  %-18s  %s\n", "", k->sha256);
		why = k->ended != 0 ? NULL : waits_for(desk, file);
		if (why != NULL) {
			printf("  %-18s  not delivered yet: ", "");
			out_text(STYLE_WAIT, why);
			putchar('\n');
		}
		free(why);
	}
}

void
key_lives_json(const struct key_lives *all, const struct desk *desk,
    const char *number, struct json *j)
{
	const struct key_life *k;
	char file[PAPER_NAME];
	char *why;

	json_array(j, "keys");
	for (k = all->list; k < all->list + all->n; k++) {
		file_name(file, number, k->revision);
		why = k->ended != 0 ? NULL : waits_for(desk, file);
		json_object(j, NULL);
		json_num(j, "revision", k->revision);
		json_str(j, "file", file);
		json_str(j, "sha256", k->sha256);
		json_time(j, "issued", k->issued);
		json_time(j, "until", k->until);
		json_time(j, "ended", k->ended);
		json_str(j, "how", k->how);
		json_str(j, "waits_for", why);
		json_object_end(j);
		free(why);
	}
	json_array_end(j);
}
