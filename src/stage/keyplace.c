/*
 * keyplace: the folders that keys go to.
 *
 * May not: move a key.
 * The operator's: a folder that others can read, or that cannot be opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

#include "parcel.h"

#include "staged.h"

/* The box that the case came through, one that the settings name, or the one
 * that is called like the client. */
static const char *
box_of(const struct settings *s, const char *client, const char *came)
{
	const char *of = came == NULL ? NULL : settings_client(s, came);
	size_t i;

	if (of != NULL && strcmp(of, client) == 0)
		return came;
	for (i = 0; i < s->n_boxes; i++)
		if (strcmp(s->boxes[i].client, client) == 0)
			return s->boxes[i].box;
	of = parcel_box_valid(client) ? settings_client(s, client) : NULL;
	return of != NULL && strcmp(of, client) == 0 ? client : NULL;
}

const char *
place_name(const struct settings *s, const char *client, const char *came)
{
	const char *name = client == NULL ? NULL : box_of(s, client, came);

	return name == NULL || parcel_box_reserved(name) ? NULL : name;
}

/* What keeps a plain key from a folder; NULL: nothing. */
static char *
exposed(const struct keys *k, const char *name, const struct stat *st)
{
	if (st->st_uid != geteuid() && st->st_uid != k->desk->uid)
		return sentence("outbox/%s is not the desk's own folder: "
		    "remove it, and it is made again; or give the client a "
		    "recipient in the list of clients", name);
	if ((st->st_mode & S_IRWXO) != 0)
		return sentence("others may look into outbox/%s: close it "
		    "(chmod 2750 outbox/%s, for the client's group), or give "
		    "the client a recipient in the list of clients", name,
		    name);
	if ((st->st_mode & S_IWGRP) != 0)
		return sentence("its group may write to outbox/%s: chmod g-w "
		    "outbox/%s, or give the client a recipient in the list of "
		    "clients", name, name);
	return NULL;
}

struct place *
place_of(struct keys *k, const char *name)
{
	struct place *p = map_get(&k->places, name);
	struct stat st;

	if (p != NULL)
		return p;
	p = mem_alloc(sizeof(*p));
	map_put(&k->places, name, p);
	p->fd = k->ops.folder(k->ops.arg, name);
	if (p->fd < 0 || fstat(p->fd, &st) != 0) {
		p->why = sentence("outbox/%s cannot be opened: %s", name,
		    strerror(errno));
		p->fd = -1;
		return p;
	}
	p->gid = st.st_gid;
	p->why = exposed(k, name, &st);
	return p;
}

char *
place_open(const struct keys *k, const struct staged *s,
    const struct place *p)
{
	int fd = fs_open(k->dir, s->file, O_RDONLY, 0);
	char *why = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || (st.st_gid != p->gid &&
	    fchown(fd, (uid_t)-1, p->gid) != 0) || fchmod(fd, 0640) != 0)
		why = sentence("the key cannot be given to the group of "
		    "outbox/%s: %s", s->place, strerror(errno));
	if (fd >= 0)
		close(fd);
	return why;
}

int
places_sync(struct keys *k)
{
	const struct map_entry *e;
	const struct place *p;
	bool moved = false;
	size_t at = 0;

	while ((e = map_next(&k->places, &at)) != NULL) {
		p = e->value;
		if (p->moved && fs_sync_dir(p->fd) != 0)
			return -1;
		moved |= p->moved;
	}
	return moved ? fs_sync_dir(k->dir) : 0;
}

void
places_free(struct keys *k)
{
	const struct map_entry *e;
	struct place *p;
	size_t at = 0;

	while ((e = map_next(&k->places, &at)) != NULL) {
		p = e->value;
		if (p->fd >= 0)
			close(p->fd);
		free(p->why);
		free(p);
	}
	map_free(&k->places);
}
