/*
 * folders: the folders in inbox: those that are drop boxes, and those that are
 * none.
 *
 * May not: look at a file.
 * The operator's: a folder that somebody else has made, or of no good name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "text.h"

#include "limit.h"

#include "intaking.h"

/* Folders that are no boxes, and are named in what is wrong. */
#define ODD_NAMED 16

/* Boxes. */

struct box *
intake_find_box(const struct intake *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->n_boxes; i++)
		if (!in->boxes[i].gone && strcmp(in->boxes[i].name, name) == 0)
			return &in->boxes[i];
	return NULL;
}

/* Where no events are to be had, its names are compared. */
void
box_watch(struct intake *in, struct box *b)
{
	b->watched = fs_has_events(b->fd) &&
	    watch_add(in->watch, b->fd, b->tag) == 0;
}

void
box_add(struct intake *in, const char *name, int fd)
{
	struct box *b;

	if (in->n_boxes == in->cap_boxes) {
		in->cap_boxes = in->cap_boxes == 0 ? 8 : in->cap_boxes * 2;
		in->boxes = mem_grow(in->boxes, in->cap_boxes,
		    sizeof(*in->boxes));
	}
	b = &in->boxes[in->n_boxes];
	*b = (struct box){ .name = mem_str(name), .fd = fd, .look = true,
	    .tag = in->tag + (int)in->n_boxes, .due = INT64_MAX };
	box_watch(in, b);
	in->n_boxes++;
}

void
box_tell_stopped(struct intake *in, const struct box *b)
{
	struct buf key = BUF_INIT, text = BUF_INIT;

	buf_putf(&key, "box %s", b->name);
	buf_putf(&text, "inbox/%s: %u of its forms wait until they can be "
	    "checked or answered; no more are taken from there", b->name,
	    LIMIT_WAITING);
	desk_notice(in->desk, buf_str(&key), b->stopped ? buf_str(&text) :
	    NULL);
	buf_free(&key);
	buf_free(&text);
}

void
box_close(struct intake *in, struct box *b)
{
	size_t i;

	b->stopped = false;
	box_tell_stopped(in, b);
	if (b->watched)
		watch_del(in->watch, b->tag);
	if (b->list != NULL)
		closedir(b->list);
	if (*b->name != '\0' && b->fd >= 0)
		close(b->fd);
	for (i = 0; i < b->n_ready; i++)
		free(b->ready[i].name);
	free(b->ready);
	b->ready = NULL;
	b->n_ready = 0;
	b->list = NULL;
	b->fd = -1;
	b->look = b->watched = b->claimed = false;
	b->due = INT64_MAX;
	b->gone = true;
}

/* Only some are named: whoever may write to inbox may make as many as they
 * like. */
void
folders_count(struct intake *in)
{
	size_t n = map_count(&in->odd), more = n - in->odd_named;
	struct buf text = BUF_INIT;

	if (more > 0)
		buf_putf(&text, "%zu more folder%s in inbox %s no drop box%s",
		    more, more == 1 ? "" : "s", more == 1 ? "is" : "are",
		    more == 1 ? "" : "es");
	desk_notice(in->desk, "folders", more > 0 ? buf_str(&text) : NULL);
	buf_free(&text);
	in->recount = false;
}

/* Says what is wrong with a folder, or (NULL) that nothing is any more. */
static void
note_folder(struct intake *in, const char *name, const char *text)
{
	struct buf key = BUF_INIT;
	bool *named = map_get(&in->odd, name);

	if (text == NULL && named == NULL)
		return;
	if (named == NULL) {
		named = mem_alloc(sizeof(*named));
		*named = in->odd_named < ODD_NAMED;
		in->odd_named += *named;
		map_put(&in->odd, name, named);
	}
	buf_puts(&key, "folder ");
	text_line(&key, name, strlen(name), NAME_SIZE);
	if (*named)
		desk_notice(in->desk, buf_str(&key), text);
	if (text == NULL) {
		in->odd_named -= *named;
		free(map_del(&in->odd, name));
	}
	buf_free(&key);
}

/* Whose folders are boxes. */
static bool
is_ours(const struct intake *in, const struct stat *st)
{
	return st->st_uid == in->desk->uid || st->st_uid == 0;
}

/* Makes a box of a folder, or says why not. */
static void
open_folder(struct intake *in, const char *name, const char *shown,
    struct buf *text)
{
	int fd = fs_open_dir(in->desk->inbox, name);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		buf_putf(text, "inbox/%s cannot be opened: %s", shown,
		    strerror(errno));
	} else if (!parcel_box_valid(name) || parcel_box_reserved(name)) {
		buf_putf(text, "inbox/%s is not a name for a drop box: "
		    "letters, digits, dots, hyphens; not gateway, reviewers, "
		    "strays, forms, nor that of a form (.xml, .gz)", shown);
	} else if (!is_ours(in, &st)) {
		buf_putf(text, "inbox/%s was made by uid %ld and is left "
		    "alone; drop boxes are made by the desk's user or root",
		    shown, (long)st.st_uid);
	} else {
		box_add(in, name, fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
}

/* A folder in inbox: a drop box, if the desk's user or root made it.  One that
 * somebody else made, and that is known, costs nothing. */
void
folder_meet(struct intake *in, const char *name, const struct stat *st)
{
	struct buf shown = BUF_INIT, text = BUF_INIT;

	if ((!is_ours(in, st) && map_has(&in->odd, name)) ||
	    intake_find_box(in, name) != NULL)
		return;
	text_line(&shown, name, strlen(name), NAME_SIZE);
	open_folder(in, name, buf_str(&shown), &text);
	note_folder(in, name, text.len == 0 ? NULL : buf_str(&text));
	buf_free(&shown);
	buf_free(&text);
}

/* One that is gone is complained about no longer. */
void
folder_forget(struct intake *in, const char *name)
{
	struct stat st;

	if (fstatat(in->desk->inbox, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISDIR(st.st_mode))
		note_folder(in, name, NULL);
}

/* Whether the folder that is open still is the one in inbox.  An open folder
 * that is removed sends no event of its own. */
static bool
is_still_there(const struct intake *in, const struct box *b)
{
	struct stat open_st, st;

	int there;

	if (*b->name == '\0')
		return true;
	there = fs_look(in->desk->inbox, b->name, &st);
	return there < 0 || (there == 1 && fstat(b->fd, &open_st) == 0 &&
	    st.st_ino == open_st.st_ino && st.st_dev == open_st.st_dev);
}

void
folders_miss(struct intake *in)
{
	size_t i;

	for (i = 0; i < in->n_boxes; i++)
		if (!in->boxes[i].gone && !is_still_there(in, &in->boxes[i]))
			box_close(in, &in->boxes[i]);
}

void
folders_meet(struct intake *in)
{
	DIR *list = fs_list(in->desk->inbox);
	const struct map_entry *e;
	const char *name;
	struct stat st;
	size_t at = 0;

	folders_miss(in);
	while ((e = map_next(&in->odd, &at)) != NULL)
		folder_forget(in, e->key);
	while (list != NULL && (name = fs_list_folder(list)) != NULL)
		if (name[0] != '.' && fstatat(in->desk->inbox, name, &st,
		    AT_SYMLINK_NOFOLLOW) == 0)
			folder_meet(in, name, &st);
	/* inbox itself is looked at again, and they are met there */
	if (list == NULL || errno != 0)
		intake_miss(in, &in->boxes[0]);
	if (list != NULL)
		closedir(list);
	folders_count(in);
}
