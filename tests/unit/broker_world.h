/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Around the broker of a test: its configuration, and the steps that every story begins with. What
 * does not come as it should ends the test.
 */
#ifndef TESTS_UNIT_BROKER_WORLD_H
#define TESTS_UNIT_BROKER_WORLD_H

#include "tests/unit/fake_warden.h"

#define SUB	"nqn.2026-11.example:sub"
#define HOST	"nqn.2026-11.example:host"
#define OTHER	"nqn.2026-11.example:other"
#define READER	"nqn.2026-11.example:reader"

extern struct fake_warden w;
extern struct fake_peer listener, spare;
extern char file[128], config[128];

int	world_setup(void **);
int	world_teardown(void **);
void	world_end(void);		/* everything of a story that is over */
void	world_config(const char *more);	/* more of the subsystem, or more of them */
void	world_config_with(const char *namespaces, const char *hosts, const char *more);
int	world_ctl(void);		/* connected to the control socket */
/* With a state directory, which is made here, and OTHER as another host that may write. */
void	world_config_state(void);
extern char state_dir[128];

void	answer_claim(void);
void	answer_reopen(uint32_t readonly);
void	start_listener(void);
void	heard_listen(void);		/* of the listener: takes the socket */
void	start_spare(void);
void	start_all(void);

/* A connection from 127.0.0.last for the spare; the next spare is there, too. */
struct fake_peer greet(uint8_t last);
struct ipc_connect connect_of(const char *host, uint16_t qid, uint16_t cntlid);
/* An admin Connect that is admitted; the controller id. */
uint16_t admit(struct fake_peer *, const char *host, uint32_t readonly);
/* The next message is of that type: order matters here. */
const void *next_is(struct fake_peer *, uint32_t type);

#endif
