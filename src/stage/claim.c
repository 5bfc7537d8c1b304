/*
 * claim: files out of inbox, made ours, and what becomes of them.
 *
 * May not: look into a form; choose what is taken (intake.c does).
 * A fault of the form: a file that is not one, may not be read, is too large.
 * The machine's trouble: a claim that cannot be made, then the file stays; or
 * read, then it is kept as a parcel in trouble.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "fs.h"
#include "gunzip.h"
#include "hash.h"
#include "log.h"
#include "text.h"

#include "limit.h"

#include "intaking.h"

/* Claims that are done with are deleted when nothing else is to be done: for
 * some seconds after a deletion a file system like ext4 looks at each free
 * inode before it gives one away, and a desk makes files all the time.  At
 * most so many, and bytes in them; so many in one go. */
#define DROPPED_MAX 32768
#define DROPPED_BYTES (64u * 1024 * 1024)
#define SWEPT 256

void
intake_begin(struct round *r)
{
	r->fd = -1;
}

void
intake_end(struct intake *in, struct round *r)
{
	in->open = NULL;
	if (r->fd < 0)
		return;
	close(r->fd);
	/* if nothing came of it, or all of it is done with */
	if (!map_has(&in->rounds, r->dir))
		unlinkat(in->desk->claims, r->dir, AT_REMOVEDIR);
}

/* How many claims are in a round; 0 also where nobody has counted. */
static void
enter_round(struct intake *in, const char *dir)
{
	uintptr_t n = (uintptr_t)map_get(&in->rounds, dir);

	map_put(&in->rounds, dir, (void *)(n + 1));
}

static void
note_fresh(struct intake *in, const char *round)
{
	if (map_count(&in->fresh) < ROUNDS_SYNCED)
		map_put(&in->fresh, round, NULL);
	else
		in->unsynced = true;
}

static int
open_round(struct intake *in, struct box *b, struct round *r)
{
	struct timespec t;
	char random[9];

	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(r->id, sizeof(r->id), "%012llx%s",
	    (unsigned long long)fs_ms(t), hash_random(random, 8));
	snprintf(r->dir, sizeof(r->dir), "%s@%s", r->id, b->name);
	if (mkdirat(in->desk->claims, r->dir, 0700) != 0 ||
	    (r->fd = fs_open_dir(in->desk->claims, r->dir)) < 0) {
		log_errno("intake", "claim", r->dir);
		unlinkat(in->desk->claims, r->dir, AT_REMOVEDIR);
		intake_miss(in, b);
		return -1;
	}
	in->open = r->dir;
	note_fresh(in, r->dir);
	return 0;
}

static void
claim_id(char id[CLAIM_ID], const char *round, const char *name)
{
	char hex[SHA256_HEX];

	hash_sha256(hex, name, strlen(name));
	snprintf(id, CLAIM_ID, "%s-%.12s", round, hex);
}

static struct parcel *
new_parcel(const char *round, const char *box, const char *dir,
    const char *name)
{
	struct parcel *p = mem_alloc(sizeof(*p));
	struct buf path = BUF_INIT;

	claim_id(p->id, round, name);
	p->box = mem_str(box);
	p->name = mem_str(name);
	p->uid = -1;
	p->keep = true;
	buf_putf(&path, "%s/%s", dir, name);
	p->claim = buf_take(&path);
	return p;
}

static const char *
type_name(mode_t mode)
{
	return S_ISLNK(mode) ? "a symbolic link" :
	    S_ISFIFO(mode) ? "a named pipe" :
	    S_ISSOCK(mode) ? "a socket" :
	    S_ISDIR(mode) ? "a folder" : "a device";
}

static void
not_a_file(struct parcel *p, const struct stat *st)
{
	p->uid = (long)st->st_uid;
	p->keep = false;
	faults_addf(&p->faults, FAULT_NOT_A_FILE, 0, NULL,
	    "This is %s.", type_name(st->st_mode));
}

/* What is too large for a form may be something else; for a list, nothing. */
static void
too_large(struct parcel *p, size_t limit, bool list)
{
	buf_free(&p->file);
	buf_free(&p->form);
	p->large = !list;
	if (list)
		faults_addf(&p->faults, FAULT_TOO_LARGE, 0, NULL,
		    "The list has more than %zu bytes (limits.list).", limit);
}

static void
inflate_form(struct intake *in, struct parcel *p, size_t limit, bool list)
{
	static const struct {
		enum gunzip result;
		unsigned code;
	} faults[] = {
		{ GUNZIP_DAMAGED, FAULT_GZIP },
		{ GUNZIP_BOMB, FAULT_BOMB },
	};
	enum gunzip result = gunzip(p->file.data, p->file.len, limit,
	    (unsigned)in->settings->ratio, &p->form);
	size_t i;

	if (result == GUNZIP_TOO_LARGE)
		too_large(p, limit, list);
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].result == result) {
			faults_add(&p->faults, faults[i].code, 0, NULL, NULL);
			buf_free(&p->form);
		}
}

/* What the file itself is to blame for is a fault; what may pass is not. */
static void
not_read(struct parcel *p)
{
	switch (errno) {
	case EACCES:
	case EPERM:
		faults_add(&p->faults, FAULT_UNREADABLE, 0, NULL, NULL);
		break;
	default:
		log_errno("intake", "read", p->claim);
		p->trouble = true;
	}
}

static void
take_bytes(struct intake *in, struct parcel *p, int fd, bool list)
{
	size_t limit = list ? in->settings->list_limit :
	    in->settings->form_limit;

	if (fs_read(fd, limit, &p->file) != 0) {
		if (errno == EFBIG)
			too_large(p, limit, list);
		else
			not_read(p);
		buf_free(&p->file);
		return;
	}
	p->size = p->file.len;
	hash_sha256(p->sha256, buf_str(&p->file), p->file.len);
	if (p->file.len == 0)
		faults_add(&p->faults, FAULT_EMPTY, 0, NULL, NULL);
	else if (gunzip_is(p->file.data, p->file.len))
		inflate_form(in, p, limit, list);
	if (p->large)
		return;
	if (parcel_form(p) == &p->file)
		memcpy(p->digest, p->sha256, sizeof(p->digest));
	else
		hash_sha256(p->digest, p->form.data, p->form.len);
}

/* Whether a file may still be growing: written to less than inbox.grace
 * ago. */
static bool
is_young(struct intake *in, const struct stat *st)
{
	int64_t modified = fs_ms(st->st_mtim), grace = in->settings->grace;

	if (intake_now(in, modified, modified + grace - NOW_SLACK_MS) != 0)
		return false;
	/* a little in the future is now; more is no time to go by */
	return modified - in->now < NOW_SLACK_MS && in->now - modified < grace;
}

static int
load(struct intake *in, struct parcel *p, bool list)
{
	struct stat st;
	int fd;

	faults_free(&p->faults);
	buf_free(&p->file);
	buf_free(&p->form);
	p->trouble = p->large = false;
	if (fstatat(in->desk->claims, p->claim, &st,
	    AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return -1;
		not_read(p);
		return 0;
	}
	if (!text_plain(p->name, strlen(p->name)))
		faults_add(&p->faults, FAULT_FILE_NAME, 0, NULL, NULL);
	if (!S_ISREG(st.st_mode)) {
		not_a_file(p, &st);
		return 0;
	}
	p->uid = (long)st.st_uid;
	if (st.st_nlink > 1) {
		p->keep = false;
		faults_add(&p->faults, FAULT_LINKED, 0, NULL, NULL);
		return 0;
	}
	fd = fs_open(in->desk->claims, p->claim, O_RDONLY, 0);
	if (fd < 0) {
		not_read(p);
		return 0;
	}
	p->young = is_young(in, &st);
	take_bytes(in, p, fd, list);
	close(fd);
	return 0;
}

/* With what goes with it, of which the same holds. */
static int
reload(struct intake *in, struct parcel *p, bool list)
{
	if (load(in, p, list) != 0)
		return -1;
	if (p->with != NULL && load(in, p->with, false) != 0) {
		parcel_free(p->with);	/* somebody took it away */
		p->with = NULL;
	}
	if (p->with != NULL && p->with->trouble)
		p->trouble = true;
	return 0;
}

int
intake_reload(struct intake *in, struct parcel *p)
{
	return reload(in, p, false);
}

int
intake_reload_list(struct intake *in, struct parcel *p)
{
	return reload(in, p, true);
}

/* NULL: it is gone, or stays where it is. */
struct parcel *
intake_claim(struct intake *in, struct box *b, struct round *r, const char *name)
{
	struct buf text = BUF_INIT;
	struct parcel *p;

	if (r->fd < 0 && open_round(in, b, r) != 0)
		return NULL;
	if (fs_move(b->fd, name, r->fd, name) != 0) {
		if (errno != ENOENT) {
			buf_puts(&text, "inbox/");
			text_line(&text, name, strlen(name), NAME_SIZE);
			buf_putf(&text, " cannot be taken: %s",
			    strerror(errno));
			if (fs_is_trouble(errno))
				intake_miss(in, b);
			desk_notice(in->desk, "claim", buf_str(&text));
			buf_free(&text);
		}
		return NULL;
	}
	desk_notice(in->desk, "claim", NULL);
	b->claimed = true;
	enter_round(in, r->dir);
	p = new_parcel(r->id, b->name, r->dir, name);
	if (intake_reload(in, p) == 0)
		return p;
	parcel_free(p);
	return NULL;
}

/* After a crash. */

/* A claim, with what was made to go with it.  NULL: that cannot be told. */
static struct parcel *
recover_one(struct intake *in, int fd, const char *round, const char *dir,
    const char *name)
{
	const char *box = strchr(dir, '@') + 1;
	struct parcel *p = new_parcel(round, box, dir, name);
	struct buf with = BUF_INIT;
	struct stat st;
	int there;

	buf_putf(&with, ".%s", name);
	there = fs_look(fd, buf_str(&with), &st);
	if (there < 0)
		log_errno("intake", "recover", p->claim);
	enter_round(in, dir);
	if (there == 1) {
		p->with = new_parcel(round, box, dir, buf_str(&with));
		enter_round(in, dir);
	}
	buf_free(&with);
	if (there >= 0)
		return p;
	parcel_free(p);
	return NULL;
}

/* What went with a claim that is gone is done with as well: the claim is
 * deleted first. */
static void
sweep_with(int fd, const char *dir, const char *name)
{
	struct stat st;

	if (fs_look(fd, name + 1, &st) == 0 && unlinkat(fd, name, 0) != 0 &&
	    errno != ENOENT)
		log_errno("intake", "drop", dir);
}

static int
recover_round(struct intake *in, const char *dir, intake_fn *fn, void *arg)
{
	const char *at = strchr(dir, '@'), *name;
	int fd = fs_open_dir(in->desk->claims, dir);
	DIR *list = fd < 0 ? NULL : fs_list(fd);
	struct parcel *p;
	char round[32];
	int status = 0;

	if (fd >= 0)
		close(fd);
	if (list == NULL || at == NULL || at - dir >= (int)sizeof(round)) {
		if (list != NULL)
			closedir(list);
		return -1;
	}
	snprintf(round, sizeof(round), "%.*s", (int)(at - dir), dir);
	while ((name = fs_list_next(list)) != NULL) {
		/* nobody knows whether it was synced */
		in->unsynced = true;
		if (name[0] == '.')
			sweep_with(dirfd(list), dir, name);
		else if ((p = recover_one(in, dirfd(list), round, dir,
		    name)) != NULL)
			fn(arg, p);
		else
			status = -1;
	}
	if (errno != 0)
		status = -1;
	closedir(list);
	if (status == 0)	/* if it is empty */
		unlinkat(in->desk->claims, dir, AT_REMOVEDIR);
	return status;
}

int
intake_recover(struct intake *in, intake_fn *fn, void *arg)
{
	DIR *list = fs_list(in->desk->claims);
	const char *name;
	int status = 0;

	if (list == NULL)
		return -1;
	while ((name = fs_list_next(list)) != NULL)
		if (recover_round(in, name, fn, arg) != 0) {
			log_cause("intake", "recover", name);
			status = -1;
		}
	if (errno != 0) {
		log_cause("intake", "list", ".docket/claims");
		status = -1;
	}
	closedir(list);
	return status;
}

/* A round, unless all of it is done with already. */
static int
sync_round(struct intake *in, const char *dir)
{
	int fd = fs_open_dir(in->desk->claims, dir), status;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	status = fs_sync_dir(fd);
	close(fd);
	return status;
}

/* The new names first, then that the old ones are gone. */
static int
sync_each(struct intake *in)
{
	const struct map_entry *e;
	const struct box *b;
	size_t at = 0;

	while ((e = map_next(&in->fresh, &at)) != NULL)
		if (sync_round(in, e->key) != 0)
			return -1;
	if (fs_sync_dir(in->desk->claims) != 0)
		return -1;
	for (b = in->boxes; b < in->boxes + in->n_boxes; b++)
		if (b->claimed && fs_sync_dir(b->fd) != 0)
			return -1;
	return 0;
}

int
intake_sync(struct intake *in)
{
	struct box *b;

	if (map_count(&in->fresh) == 0 && !in->unsynced)
		return 0;
	if ((in->unsynced ? fs_sync_all(in->desk->claims) : sync_each(in)) != 0)
		return -1;
	for (b = in->boxes; b < in->boxes + in->n_boxes; b++)
		b->claimed = false;
	map_free(&in->fresh);
	in->unsynced = false;
	/* what comes into it from now on is to be synced again */
	if (in->open != NULL)
		note_fresh(in, in->open);
	return 0;
}

/* The round of a claim that has left it, if that was the last. */
static void
leave_round(struct intake *in, const char *claim)
{
	char *dir = mem_strn(claim, strcspn(claim, "/"));
	uintptr_t n = (uintptr_t)map_get(&in->rounds, dir);

	if (n > 1)
		map_put(&in->rounds, dir, (void *)(n - 1));
	else
		map_del(&in->rounds, dir);
	if (n <= 1 && (in->open == NULL || strcmp(dir, in->open) != 0))
		unlinkat(in->desk->claims, dir, AT_REMOVEDIR);
	free(dir);
}

/* Its name is then that of the other with a dot before: no file of inbox is
 * called so, for those are left alone; and it is never longer than what it
 * was, NAME.sig. */
int
intake_join(struct intake *in, struct parcel *p, struct parcel *with)
{
	int n = (int)strcspn(p->claim, "/");
	char *dir = mem_strn(p->claim, (size_t)n), *path;
	struct buf to = BUF_INIT;
	int status = 0;

	buf_putf(&to, "%s/.%s", dir, p->claim + n + 1);
	path = buf_take(&to);
	if (fs_move(in->desk->claims, with->claim, in->desk->claims,
	    path) != 0) {
		log_errno("intake", "join", with->claim);
		free(path);
		status = -1;
	} else {
		enter_round(in, dir);
		note_fresh(in, dir);
		leave_round(in, with->claim);
		free(with->claim);
		with->claim = path;
		p->with = with;
	}
	free(dir);
	return status;
}

bool
intake_put_back(struct intake *in, const struct parcel *p)
{
	struct box *b = intake_find_box(in, p->box);

	/* in one step: a file with two names would be nobody's to judge; and
	 * never over one that came meanwhile */
	if (b == NULL || fs_move(in->desk->claims, p->claim, b->fd,
	    p->name) != 0)
		return false;
	leave_round(in, p->claim);
	intake_give_grace(in, b, p->name);
	return true;
}

/* Whether it is gone. */
static bool
delete_claim(struct intake *in, const char *claim)
{
	bool gone = unlinkat(in->desk->claims, claim, 0) == 0 ||
	    errno == ENOENT;

	if (!gone)
		log_errno("intake", "drop", claim);
	leave_round(in, claim);
	return gone;
}

static void
sweep_one(struct intake *in)
{
	char *claim = in->dropped[--in->n_dropped];

	delete_claim(in, claim);
	free(claim);
}

bool
intake_sweep(struct intake *in)
{
	unsigned i;

	for (i = 0; i < SWEPT && in->n_dropped > 0; i++)
		sweep_one(in);
	if (in->n_dropped == 0)
		in->dropped_bytes = 0;
	return in->n_dropped > 0;
}

void
intake_drop(struct intake *in, const struct parcel *p)
{
	/* at once: there are few of them, and not every list is in the ledger
	 * to tell that it was answered; what goes with it last, since it says
	 * nothing without it */
	if (p->with != NULL) {
		if (delete_claim(in, p->claim))
			delete_claim(in, p->with->claim);
		return;
	}
	in->dropped = mem_grow(in->dropped, in->n_dropped + 1,
	    sizeof(*in->dropped));
	in->dropped[in->n_dropped++] = mem_str(p->claim);
	in->dropped_bytes += p->size;
	if (p->large || in->n_dropped >= DROPPED_MAX ||
	    in->dropped_bytes >= DROPPED_BYTES)
		while (intake_sweep(in))
			;
}
