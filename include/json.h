/*
 * json: JSON (RFC 8259), written.  One line a top-level value; bytes that
 * are not UTF-8 become U+FFFD.
 *
 * Inside an object every value is preceded by its key; inside an array key
 * is NULL.
 */
#ifndef DOCKET_JSON_H
#define DOCKET_JSON_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct json {
	struct buf *out;
	bool	 first;		/* no comma before the next value */
};

void	json_begin(struct json *, struct buf *);
void	json_object(struct json *, const char *key);
void	json_object_end(struct json *);
void	json_array(struct json *, const char *key);
void	json_array_end(struct json *);
void	json_str(struct json *, const char *key, const char *);	/* or null */
void	json_num(struct json *, const char *key, int64_t);
void	json_bool(struct json *, const char *key, bool);
/* The time in RFC 3339; null for 0. */
void	json_time(struct json *, const char *key, int64_t);
void	json_end(struct json *);	/* the newline */

#endif
