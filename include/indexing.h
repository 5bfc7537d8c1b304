/*
 * indexing: what the parts of the index share: index.c has the tables,
 * statements.c the statements, changes.c writes, filling.c has a new one
 * filled, query.c asks, match.c makes questions of words, entries.c keeps the
 * lists in force.  Nobody else includes it: it is the only header with <sqlite3.h>.
 */
#ifndef DOCKET_INDEXING_H
#define DOCKET_INDEXING_H

#include <sqlite3.h>

#include "map.h"

#include "index.h"

/* Statements that are prepared once; their text is in statements.c. */
enum statement {
	S_META_SET, S_CASE, S_CASE_ADD, S_CASE_SET, S_CASE_MOVE, S_TEXTS_SET,
	S_LAST, S_LAST_SET, S_PREFIXES, S_BOXES, S_DUPLICATE,
	S_INTAKE, S_EVENT_ADD, S_COUNT_ADD, S_SEEN_ADD, S_WORDS_DEL,
	S_WORDS_ADD, S_LAPSE, S_EFFECT, S_EXPIRE, S_RETIRE, S_NOTIFY,
	S_KEY, S_KEY_ADD, S_OF, S_OF_FILE,
	S_OF_LAST, S_WAITING, S_WAITING_COUNT, S_COUNTS, S_COUNT_WAITING, S_AGES,
	S_ENTRY, S_LIST, S_LISTS, S_LOADED, S_LIST_DIGEST, S_LIST_ADD,
	S_LIST_DEL, S_ENTRY_ADD, S_ENTRIES_DEL, S_ENTRY_WORDS_ADD,
	S_ENTRY_WORDS_DEL, S_ENTRIES, S_ENTRIES_FOUND,
	S_ADMITTED, S_TERMS, S_COMMON, S_BOX_CHANGED, STATEMENTS
};

struct buf;

struct index {
	char		*path;		/* of the database */
	char		*filling;	/* a new one is filled, there; NULL */
	sqlite3		*db;
	sqlite3_stmt	*st[STATEMENTS];
	char		 head[COMMIT_HEX];
	bool		 write;
	/* of the group at hand, not yet written: */
	int64_t		 counts[STATE_COUNT];	/* cases, come and gone */
	struct map	 seen;		/* kind and name -> how often */
	/* as long as it is filled: cases not yet written, by number */
	struct map	 held;
	size_t		 held_bytes;
	int64_t		 last_id;
};

/* Notes what SQLite says; always -1. */
int	index_fail(struct index *, const char *what);
/* Runs statements as they stand. */
int	index_exec(struct index *, const char *);
/* The statement, ready to be bound; NULL if it cannot be prepared. */
sqlite3_stmt *index_statement(struct index *, enum statement);
/* Ends a statement whose last step returned rc: 0 or -1. */
int	index_finish(struct index *, sqlite3_stmt *, int rc);
/* Runs one that has no rows. */
int	index_run(struct index *, sqlite3_stmt *);
/* Notes another thing that is wrong; always -1. */
int	index_complain(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2)));
/* Gives the first column of every row. */
int	index_each_text(struct index *, sqlite3_stmt *, index_text_fn *,
	    void *);
/* match.c: words as an FTS5 query: each quoted, each a prefix, all of them. */
void	index_put_words(struct buf *, const char *words);
/* The same of cases, whose words have no indexes of prefixes: by the terms
 * that begin with them. */
int	index_put_terms(struct index *, struct buf *, const char *words);
/* NULL stays NULL. */
void	index_bind_text(sqlite3_stmt *, int at, const char *);

/* A column's beginning, which an index is of, and how it is asked by: with a
 * plain "column = value" beside it, SQLite would put the value in the column's
 * place within the expression, and find no index for it. */
#define INDEX_SHORT(column) "substr(" #column ", 1, 16)"
#define INDEX_IS(column, value) INDEX_SHORT(column) " = " \
	INDEX_SHORT(value) " AND +" #column " = " #value

/* Cases with their texts; the columns of one to be selected from it, and a
 * row of them read. */
#define INDEX_TEXTS " LEFT JOIN texts ON texts.id = cases.id"
#define INDEX_CASES "cases" INDEX_TEXTS
/* Without their texts, these columns are NULL. */
void	index_put_columns(struct buf *, bool texts);
void	index_load_case(struct casefile *, sqlite3_stmt *);
/* How many there are: those of the case are parameters 1 to that many. */
int	index_columns(void);
/* Binds them, or (not of_form) those that any move of a case may change. */
void	index_bind_case(sqlite3_stmt *, const struct casefile *, bool of_form);
/* A case and its row: 1, 0, -1. */
int	index_find_case(struct index *, const char *number, struct casefile *,
	    int64_t *id);
/* changes.c: writes what was added up. */
int	index_put_counts(struct index *);
/* Whether a form comes with it, or takes the place of another. */
bool	index_changes_form(const struct ruling *);
/* A case that has no row yet, all of it; id 0: SQLite chooses one. */
int	index_add_case(struct index *, const struct casefile *, int64_t id);
/* What it is found by. */
int	index_add_words(struct index *, const struct casefile *, int64_t id);

/* filling.c: cases of an index that is filled are held back as long as they
 * wait for a decision, and written once.  1: it has the ruling; 0: the case
 * has its row already; -1. */
int	filling_apply(struct index *, const struct ruling *);
/* Writes all that are held back. */
int	filling_end(struct index *);
void	filling_free(struct index *);

#endif
