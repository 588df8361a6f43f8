/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conformance by table: a command, how its SQE is built, and the status that the specification asks
 * for, row by row, with the section it comes from. What is expected is never taken from the target.
 * conform.c runs the rows; each conform_*.c is one table with the functions that it needs.
 *
 * The target must have namespaces as tests/x_conform.sh makes them: N_RAM to N_SMALL below.
 */
#ifndef TESTS_HOST_CONFORM_H
#define TESTS_HOST_CONFORM_H

#include <stddef.h>

#include "tests/host/nvmehost.h"
#include "tests/host/spec.h"

struct conf;
struct conf_row;

/* Namespaces: a RAM disk of 512-byte blocks, a file of 4 KiB blocks, a read-only file, an NSID that
 * is valid but not active, another RAM disk. */
enum { N_RAM = 1, N_FILE, N_READONLY, N_INACTIVE, N_SMALL, N_MAX };

/* In conf_row.nsid, for what has no number of its own: 0 in the SQE, and the one after NN. */
#define N_ZERO		0x80000000u
#define N_AFTER		0x80000001u
#define N_FFFFFFFE	0xfffffffeu
#define N_ALL		HOST_NSID_ALL

/* Where a row happens. */
enum conf_place { P_ADMIN, P_IO, P_DISABLED };	/* P_DISABLED: admin queue, before CC.EN */

/* In conf_row.want and .or, beside SCT, SC and DNR. */
enum {
	W_SUCCESS = 0x8000,	/* in .or: success is permitted, too */
	W_ANY_DNR = 0x1000,	/* the specification leaves DNR open here */
	W_MASK = ST_SC_MASK | ST_DNR,
};

#define DNR(status)	((status) | ST_DNR)
#define ANY(status)	((status) | W_ANY_DNR)

enum {
	C_FRESH = 1,		/* a controller of its own, gone afterwards */
	C_END = 2,		/* slba counts from the end of the namespace */
	C_EXACT = 4,		/* as much data as asked for, or it is an error */
	C_NO_ICD = 8,		/* data by R2T */
	C_GONE = 16,		/* the queue is gone afterwards */
	C_LEN = 32,		/* conf_range: len is the row's, even if it is 0 */
	C_ADMIN = 64,		/* on the admin queue, with I/O queues there */
};

/* Bytes of the SQE that rows change: any one of them, after all else was filled. */
struct conf_patch { uint8_t at, width; uint64_t value; };

struct conf_row {
	const char	*name;
	const char	*section;	/* NULL: the table's */
	uint16_t	 want, or[2];
	/* Leaves the answer in c->cmd. 0, or -1 with c->why. NULL: conf_plain. */
	int		(*run)(struct conf *, const struct conf_row *);
	/* Of a success: what is wrong with it, or NULL. */
	const char	*(*check)(struct conf *, const struct conf_row *);
	enum conf_place	 place;
	unsigned	 flags;
	uint8_t		 opc;
	uint32_t	 nsid;
	uint32_t	 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
	enum host_dir	 dir;
	uint32_t	 len;		/* bytes of the SGL */
	uint64_t	 slba;		/* conf_range */
	uint32_t	 nlb;		/* conf_range; 0 counts as 1 */
	struct conf_patch patch;
	uint64_t	 arg;		/* run's and check's own */
	const char	*script;	/* of conform_reservation.c */
};

struct conf_table {
	const char	*name, *section, *about;
	bool		 discovery;	/* of a discovery controller */
	const struct conf_row *row;
	unsigned	 nrows;
};

/* All of them, for cmd_supported.c; conform.c. */
extern const struct conf_table *const conf_tables[];
extern const unsigned conf_ntables;

/* conform_names.c; each ends with a name of NULL. */
struct conf_name { unsigned number; const char *name; };
extern const struct conf_name conf_admin_names[], conf_io_names[], conf_cns_names[],
    conf_log_names[], conf_feature_names[];

enum { CONF_BUF = 4 << 20 };

/* A row in progress; the controller stays from row to row. */
struct conf {
	const struct settings *settings;
	struct host_ctrl ctrl, second;	/* second: of another host, conf_second() */
	bool		 open;
	enum conf_place	 at;		/* what ctrl is fit for */
	struct host_ns	 ns[N_MAX];
	uint32_t	 nn;
	struct host_queue *q;
	struct host_cmd	 cmd;		/* its answer is judged */
	struct host_cmd	 other[8];
	uint8_t		*buf;		/* CONF_BUF, zeros when a row begins */
	char		 why[200];
};

int	conf_fail(struct conf *, const char *, ...) __attribute__((format(printf, 2, 3)));

/* conform_build.c: SQEs from rows, and steps that several tables need. */
void	conf_fill(struct conf *, const struct conf_row *);
int	conf_exec(struct conf *, struct host_queue *, struct host_cmd *);
int	conf_good(struct conf *, struct host_queue *, struct host_cmd *);
int	conf_send(struct conf *, struct host_queue *, struct host_cmd *);
int	conf_wait(struct conf *, struct host_queue *, const struct host_cmd *);
int	conf_plain(struct conf *, const struct conf_row *);
int	conf_range(struct conf *, const struct conf_row *);
int	conf_identify(struct conf *, uint8_t cns, uint32_t nsid);
int	conf_log(struct conf *, uint8_t lid, uint32_t len);
int	conf_second(struct conf *);
const struct host_ns *conf_ns(const struct conf *, const struct conf_row *);
const char *conf_is_zero(struct conf *, const struct conf_row *);

#define CONF_TABLE(n, section, about, discovery)				\
	const struct conf_table conf_table_##n = { #n, section, about, discovery, rows,	\
		sizeof(rows) / sizeof(rows[0]) }
#define CONF_TABLES(X)								\
	X(fabrics) X(connect) X(order) X(capsule) X(admin) X(identify) X(log)	\
	X(feature) X(event) X(read) X(write) X(zeroes) X(dsm) X(flush) X(absent)	\
	X(truth) X(discovery) X(compare) X(verify) X(copy) X(uncorrectable) X(settings)	\
	X(fused) X(ana) X(reservation) X(protect)

#define X(name) extern const struct conf_table conf_table_##name;
CONF_TABLES(X)
#undef X

#endif
