/*
 * tree: the ledger's tree, edited in memory.
 *
 * Our bug: a path with an empty component.
 * The machine's trouble: a folder that cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"

#include "tree.h"

#define MODE_FILE "100644"
#define MODE_FOLDER "40000"

struct node {
	char		*name;
	size_t		 name_len;
	struct buf	 raw;
	size_t		 found;		/* in raw: the entry that was compared
					 * last, where changes are made too */
	struct buf	 last;		/* as it was last written */
	struct pack_place place;	/* of `last' */
	struct node	**children;	/* those loaded */
	size_t		 n_children;
	size_t		 asked;		/* the child that was asked for last */
	bool		 changed;
};

struct tree {
	struct tree_ops	 ops;
	struct node	*root;
	struct oid	 root_oid;	/* while nothing is changed */
	size_t		 bytes;
};

/* One entry in the raw bytes. */
struct entry {
	size_t		 at, len;	/* in raw */
	const char	*name;
	size_t		 name_len;
	bool		 folder;
	const unsigned char *oid;
};

static void
set_name(struct node *n, const char *name, size_t len)
{
	n->name = mem_strn(name, len);
	n->name_len = len;
}

static void
node_free(struct node *n)
{
	size_t i;

	if (n == NULL)
		return;
	for (i = 0; i < n->n_children; i++)
		node_free(n->children[i]);
	free(n->children);
	free(n->name);
	buf_free(&n->raw);
	buf_free(&n->last);
	free(n);
}

/* The entry at an offset; -1: the bytes are not a tree's. */
static int
entry_at(const struct node *n, size_t at, struct entry *e)
{
	const char *p = n->raw.data + at;
	size_t left = n->raw.len - at;
	const char *blank = memchr(p, ' ', left), *nul;

	if (blank == NULL)
		return -1;
	nul = memchr(blank, '\0', left - (size_t)(blank - p));
	if (nul == NULL || (size_t)(nul - p) + 1 + OID_SIZE > left)
		return -1;
	e->at = at;
	e->name = blank + 1;
	e->name_len = (size_t)(nul - blank) - 1;
	e->folder = p[0] == '4';
	e->oid = (const unsigned char *)nul + 1;
	e->len = (size_t)(nul - p) + 1 + OID_SIZE;
	return 0;
}

/* git sorts folders as if their names ended in a slash. */
static int
compare(const char *a, size_t a_len, bool a_folder, const char *b,
    size_t b_len, bool b_folder)
{
	size_t n = a_len < b_len ? a_len : b_len;
	int c = memcmp(a, b, n);
	unsigned char x, y;

	if (c != 0)
		return c;
	x = a_len > n ? (unsigned char)a[n] : a_folder ? '/' : '\0';
	y = b_len > n ? (unsigned char)b[n] : b_folder ? '/' : '\0';
	return (x > y) - (x < y);
}

/* Where to begin to look for a name: at the one that was found last, if it is
 * not behind that.  Names come in order, and each is looked for a few times. */
static size_t
first_to_see(const struct node *n, const char *name, size_t len, bool folder)
{
	struct entry e;

	if (n->found == 0 || n->found >= n->raw.len)
		return 0;
	if (entry_at(n, n->found, &e) != 0)
		bug("a tree in memory is damaged");
	return compare(e.name, e.name_len, e.folder, name, len, folder) > 0 ?
	    0 : n->found;
}

/* Finds a name.  True: *e is it; else e->at is where it would go. */
static bool
find(struct node *n, const char *name, size_t len, bool folder,
    struct entry *e)
{
	size_t at = first_to_see(n, name, len, folder);
	int c;

	while (at < n->raw.len) {
		if (entry_at(n, at, e) != 0)
			bug("a tree in memory is damaged");
		c = compare(e->name, e->name_len, e->folder, name, len,
		    folder);
		n->found = at;
		if (c == 0)
			return true;
		if (c > 0)
			break;
		at += e->len;
	}
	e->at = at;
	e->len = 0;
	return false;
}

/* Replaces `old' bytes at an offset. */
static void
splice(struct buf *b, size_t at, size_t old, const struct buf *new)
{
	size_t tail = b->len - at - old;

	if (new->len > old)
		buf_reserve(b, new->len - old);
	memmove(b->data + at + new->len, b->data + at + old, tail);
	if (new->len > 0)
		memcpy(b->data + at, new->data, new->len);
	b->len = at + new->len + tail;
	b->data[b->len] = '\0';
}

static void
set_entry(struct node *n, const char *name, size_t len, bool folder,
    const struct oid *oid)
{
	struct buf raw = BUF_INIT;
	struct entry e;

	find(n, name, len, folder, &e);
	buf_puts(&raw, folder ? MODE_FOLDER " " : MODE_FILE " ");
	buf_put(&raw, name, len);
	buf_putc(&raw, '\0');
	buf_put(&raw, oid, OID_SIZE);
	if (n->raw.data == NULL)
		buf_reserve(&n->raw, raw.len);
	splice(&n->raw, e.at, e.len, &raw);
	buf_free(&raw);
}

static bool
drop_entry(struct node *n, const char *name, size_t len, bool folder)
{
	struct buf nothing = BUF_INIT;
	struct entry e;

	if (!find(n, name, len, folder, &e))
		return false;
	splice(&n->raw, e.at, e.len, &nothing);
	return true;
}

struct tree *
tree_new(const struct tree_ops *ops, const struct oid *root)
{
	struct tree *t = mem_alloc(sizeof(*t));

	t->ops = *ops;
	tree_reset(t, root);
	return t;
}

void
tree_free(struct tree *t)
{
	if (t == NULL)
		return;
	node_free(t->root);
	free(t);
}

void
tree_reset(struct tree *t, const struct oid *root)
{
	node_free(t->root);
	t->root = NULL;
	t->bytes = 0;
	if (root != NULL)
		t->root_oid = *root;
	else
		t->root = mem_alloc(sizeof(*t->root));
}

size_t
tree_bytes(const struct tree *t)
{
	return t->bytes;
}

static struct node *
load(struct tree *t, const char *name, size_t len, const struct oid *oid)
{
	struct node *n = mem_alloc(sizeof(*n));

	set_name(n, name, len);
	if (t->ops.load(t->ops.arg, oid, &n->raw) != 0) {
		node_free(n);
		return NULL;
	}
	t->bytes += n->raw.len;
	return n;
}

static struct node *
root_of(struct tree *t)
{
	if (t->root == NULL)
		t->root = load(t, "", 0, &t->root_oid);
	return t->root;
}

/* From the one that was asked for last on: one case after the other. */
static struct node *
loaded_child(struct node *n, const char *name, size_t len)
{
	size_t i, at;

	for (i = 0; i < n->n_children; i++) {
		at = (n->asked + i) % n->n_children;
		if (n->children[at]->name_len != len ||
		    memcmp(n->children[at]->name, name, len) != 0)
			continue;
		n->asked = at;
		return n->children[at];
	}
	return NULL;
}

static struct node *
adopt(struct node *n, struct node *child)
{
	if (child == NULL)
		return NULL;
	n->children = mem_grow(n->children, n->n_children + 1,
	    sizeof(*n->children));
	return n->children[n->n_children++] = child;
}

/* The folder below; *child is NULL where there is none, and a new one is not
 * asked for.  -1: it cannot be read. */
static int
child_of(struct tree *t, struct node *n, const char *name, size_t len,
    bool make, struct node **child)
{
	struct entry e;
	struct oid oid;

	*child = loaded_child(n, name, len);
	if (*child != NULL)
		return 0;
	if (find(n, name, len, true, &e)) {
		memcpy(&oid, e.oid, sizeof(oid));
		*child = adopt(n, load(t, name, len, &oid));
		return *child == NULL ? -1 : 0;
	}
	if (make) {
		*child = adopt(n, mem_alloc(sizeof(struct node)));
		set_name(*child, name, len);
	}
	return 0;
}

/* The length of the first component, and whether more follow. */
static size_t
component(const char *path, bool *more)
{
	size_t len = strcspn(path, "/");

	if (len == 0)
		bug("empty component in a ledger path");
	*more = path[len] == '/';
	return len;
}

int
tree_get(struct tree *t, const char *path, struct oid *oid)
{
	struct node *n = root_of(t), *child;
	struct entry e;
	size_t len;
	bool more;

	for (;;) {
		if (n == NULL)
			return -1;
		len = component(path, &more);
		if (!more) {
			if (!find(n, path, len, false, &e))
				return 0;
			memcpy(oid, e.oid, sizeof(*oid));
			return 1;
		}
		if (child_of(t, n, path, len, false, &child) != 0)
			return -1;
		if (child == NULL)
			return 0;
		n = child;
		path += len + 1;
	}
}

int
tree_put(struct tree *t, const char *path, const struct oid *oid)
{
	struct node *n = root_of(t), *child;
	size_t len;
	bool more;

	for (;;) {
		if (n == NULL)
			return -1;
		n->changed = true;
		len = component(path, &more);
		if (!more)
			break;
		if (child_of(t, n, path, len, true, &child) != 0)
			return -1;
		n = child;
		path += len + 1;
	}
	set_entry(n, path, len, false, oid);
	t->bytes += len + OID_SIZE + 8;
	return 0;
}

int
tree_drop(struct tree *t, const char *path)
{
	struct oid oid;
	struct node *n, *child;
	size_t len;
	bool more;

	if (tree_get(t, path, &oid) != 1)
		return -1;
	/* everything on the way is loaded now */
	for (n = root_of(t);; n = child, path += len + 1) {
		n->changed = true;
		len = component(path, &more);
		if (!more)
			break;
		child = loaded_child(n, path, len);
	}
	drop_entry(n, path, len, false);
	return 0;
}

/* What a folder would be if it were written now: the entries of folders that
 * are changed are not up to date, but their names are, once empty ones are
 * taken out and new ones put in. */
static void
settle(struct node *n)
{
	static const struct oid unwritten;
	size_t i, len;
	struct node *c;
	struct entry e;

	for (i = 0; i < n->n_children; i++) {
		c = n->children[i];
		if (!c->changed)
			continue;
		settle(c);
		len = c->name_len;
		if (c->raw.len == 0)
			drop_entry(n, c->name, len, true);
		else if (!find(n, c->name, len, true, &e))
			set_entry(n, c->name, len, true, &unwritten);
	}
}

int
tree_list(struct tree *t, const char *folder, tree_fn *fn, void *arg)
{
	struct node *n = root_of(t), *child;
	struct buf name = BUF_INIT;
	struct entry e;
	size_t len, at;
	bool more = *folder != '\0';
	struct oid oid;
	int status = 0;

	while (n != NULL && more) {
		len = component(folder, &more);
		if (child_of(t, n, folder, len, false, &child) != 0)
			return -1;
		if (child == NULL)
			return 0;
		n = child;
		folder += len + more;
	}
	if (n == NULL)
		return -1;
	if (n->changed)
		settle(n);
	for (at = 0; at < n->raw.len && status == 0; at += e.len) {
		if (entry_at(n, at, &e) != 0)
			bug("a tree in memory is damaged");
		buf_clear(&name);
		buf_put(&name, e.name, e.name_len);
		memcpy(&oid, e.oid, sizeof(oid));
		status = fn(arg, buf_str(&name), e.folder, &oid);
	}
	buf_free(&name);
	return status;
}

struct papers {
	const char	*number;
	size_t		 len;
	tree_name_fn	*fn;
	void		*arg;
};

static int
match_paper(void *arg, const char *name, bool folder, const struct oid *oid)
{
	const struct papers *p = arg;

	(void)oid;
	if (folder || strncmp(name, p->number, p->len) != 0 ||
	    name[p->len] != '.')
		return 0;
	return p->fn(p->arg, name);
}

int
tree_papers(struct tree *t, const char *folder, const char *number,
    tree_name_fn *fn, void *arg)
{
	struct papers p = { number, strlen(number), fn, arg };

	return tree_list(t, folder, match_paper, &p);
}

static void
pack_node(struct pack *pack, struct node *n, const struct oid *oid)
{
	pack_add_tree(pack, oid, &n->raw, &n->last, &n->place);
	buf_clear(&n->last);
	buf_put(&n->last, buf_str(&n->raw), n->raw.len);
}

/* pack NULL: only names are asked for. */
static void
write_node(struct tree *t, struct pack *pack, struct node *n, struct oid *oid)
{
	size_t i, kept = 0;
	struct oid child;
	struct node *c;

	for (i = 0; i < n->n_children; i++) {
		c = n->children[i];
		if (c->changed && c->raw.len > 0 ) {
			write_node(t, pack, c, &child);
			set_entry(n, c->name, c->name_len, true, &child);
		} else if (c->changed) {
			/* empty: gone, and its deltas begin anew */
			drop_entry(n, c->name, c->name_len, true);
			node_free(c);
			continue;
		}
		n->children[kept++] = c;
	}
	n->n_children = kept;
	t->ops.name(t->ops.arg, OBJECT_TREE, buf_str(&n->raw), n->raw.len,
	    oid);
	if (pack != NULL)
		pack_node(pack, n, oid);
	n->changed = false;
}

void
tree_write(struct tree *t, struct pack *pack, struct oid *root)
{
	if (t->root != NULL && t->root->changed) {
		settle(t->root);
		write_node(t, pack, t->root, &t->root_oid);
	}
	*root = t->root_oid;
}

void
tree_name(struct tree *t, struct oid *root)
{
	tree_write(t, NULL, root);
}
