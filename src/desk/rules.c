/*
 * rules: docket.conf, signers and schemas as one set of files.
 *
 * May not: judge what is in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "fs.h"
#include "text.h"

#include "desk.h"
#include "limit.h"
#include "rules.h"

static const char *const top[] = {
	"docket.conf", "allowed_signers", "revoked_keys", "policy.manifest",
};

bool
rules_is_signature(const char *name)
{
	size_t n = strlen(name);

	return strncmp(name, "policy.manifest.", 16) == 0 && n >= 19 &&
	    strcmp(name + n - 3, "sig") == 0 && text_plain(name, n) &&
	    strchr(name, '/') == NULL;
}

bool
rules_is_top(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++)
		if (strcmp(name, top[i]) == 0)
			return true;
	return rules_is_signature(name);
}

void
rules_add(struct rules *r, const char *path, const char *data, size_t n)
{
	r->files = mem_grow(r->files, r->n + 1, sizeof(*r->files));
	r->files[r->n++] = (struct rules_file){ mem_str(path),
	    mem_strn(data, n), n };
}

static int
by_path(const void *a, const void *b)
{
	const struct rules_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void
rules_sort(struct rules *r)
{
	if (r->n > 1)
		qsort(r->files, r->n, sizeof(*r->files), by_path);
}

static int
load_file(struct rules *r, int dir, const char *name, const char *path,
    size_t limit, struct buf *why)
{
	struct buf data = BUF_INIT;
	int status = fs_read_file(dir, name, limit, &data);

	if (status == 0)
		rules_add(r, path, buf_str(&data), data.len);
	else
		buf_putf(why, "%s: %s", path, errno == EFBIG ?
		    "the file is too large" : strerror(errno));
	buf_free(&data);
	return status;
}

static bool
is_schema(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".xsd") == 0;
}

bool
rules_is_path(const char *path)
{
	const char *name = strrchr(path, '/');

	if (name == NULL)
		return rules_is_top(path);
	return strncmp(path, "schemas/", 8) == 0 && is_schema(name + 1) &&
	    text_plain(path, strlen(path));
}

static int
not_listed(const char *path, struct buf *why)
{
	buf_putf(why, "%s: %s", path, strerror(errno));
	return -1;
}

/* All *.xsd below a directory; what is no directory and no *.xsd is none of
 * our business. */
static int
load_schemas(struct rules *r, int dir, const char *path, unsigned depth,
    struct buf *why)
{
	struct buf sub = BUF_INIT;
	DIR *list = fs_list(dir);
	int status = 0, fd;
	const char *name = NULL;

	while (list != NULL && status == 0 &&
	    (name = fs_list_next(list)) != NULL) {
		buf_clear(&sub);
		buf_putf(&sub, "%s/%s", path, name);
		if (name[0] == '.' || !text_plain(name, strlen(name)))
			continue;
		fd = depth > 0 ? fs_open_dir(dir, name) : -1;
		if (fd >= 0) {
			status = load_schemas(r, fd, buf_str(&sub), depth - 1,
			    why);
			close(fd);
		} else if (depth > 0 && fs_is_trouble(errno)) {
			status = not_listed(buf_str(&sub), why);
		} else if (is_schema(name) && r->n >= LIMIT_SCHEMAS) {
			buf_putf(why, "%s: there are more than %u schemas",
			    buf_str(&sub), LIMIT_SCHEMAS);
			status = -1;
		} else if (is_schema(name))
			status = load_file(r, dir, name, buf_str(&sub),
			    LIMIT_SCHEMA, why);
	}
	if (list == NULL || (status == 0 && errno != 0))
		status = not_listed(path, why);
	if (list != NULL)
		closedir(list);
	buf_free(&sub);
	return status;
}

static int
load_top(struct rules *r, const struct desk *d, struct buf *why)
{
	DIR *list = fs_list(d->dir);
	const char *name;
	int status = 0;

	if (list == NULL)
		return not_listed(d->path, why);
	while (status == 0 && (name = fs_list_next(list)) != NULL)
		if (rules_is_top(name))
			status = load_file(r, d->dir, name, name,
			    LIMIT_RULES_FILE, why);
	if (status == 0 && errno != 0)
		status = not_listed(d->path, why);
	closedir(list);
	return status;
}

int
rules_load(struct rules *r, const struct desk *d, struct buf *why)
{
	int status;

	*r = (struct rules){ NULL, 0 };
	status = load_top(r, d, why);
	if (status == 0)
		status = load_schemas(r, d->schemas, "schemas",
		    LIMIT_SCHEMA_DEPTH, why);
	rules_sort(r);
	if (status == 0 && rules_get(r, "docket.conf") == NULL) {
		buf_puts(why, "docket.conf: there is none");
		status = -1;
	}
	if (status != 0)
		rules_free(r);
	return status;
}

void
rules_free(struct rules *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->files[i].path);
		free(r->files[i].data);
	}
	free(r->files);
	*r = (struct rules){ NULL, 0 };
}

static int
path_to_file(const void *path, const void *file)
{
	const struct rules_file *f = file;

	return strcmp(path, f->path);
}

const struct rules_file *
rules_get(const struct rules *r, const char *path)
{
	if (r->n == 0)
		return NULL;
	return bsearch(path, r->files, r->n, sizeof(*r->files), path_to_file);
}

static bool
same_file(const struct rules_file *a, const struct rules_file *b)
{
	return b != NULL && a->len == b->len &&
	    memcmp(a->data, b->data, a->len) == 0;
}

static bool
is_of_schemas(const struct rules_file *f)
{
	return strncmp(f->path, "schemas/", 8) == 0;
}

static bool
any(const struct rules_file *f)
{
	(void)f;
	return true;
}

static bool
same(const struct rules *a, const struct rules *b,
    bool (*matters)(const struct rules_file *))
{
	size_t i, in_a = 0, in_b = 0;

	for (i = 0; i < b->n; i++)
		in_b += matters(&b->files[i]);
	for (i = 0; i < a->n; i++) {
		if (!matters(&a->files[i]))
			continue;
		in_a++;
		if (!same_file(&a->files[i], rules_get(b, a->files[i].path)))
			return false;
	}
	return in_a == in_b;
}

static bool
is_no_signature(const struct rules_file *f)
{
	return !rules_is_signature(f->path);
}

bool
rules_same(const struct rules *a, const struct rules *b)
{
	return same(a, b, is_no_signature);
}

bool
rules_equal(const struct rules *a, const struct rules *b)
{
	return same(a, b, any);
}

bool
rules_same_schemas(const struct rules *a, const struct rules *b)
{
	return same(a, b, is_of_schemas);
}
