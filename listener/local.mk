# listener: what meets strangers. The library is for its unit tests.
noinst_LIBRARIES += %D%/liblistener.a
%C%_liblistener_a_SOURCES = %D%/greetings.c %D%/greetings.h

pkglibexec_PROGRAMS += %D%/cellblock-listener
%C%_cellblock_listener_SOURCES = %D%/accept.c %D%/control.c %D%/listener.c %D%/listener.h
%C%_cellblock_listener_LDADD = %D%/liblistener.a common/libplumbing.a $(BSD_LIBS) $(SECCOMP_LIBS)
man_MANS += %D%/cellblock-listener.8
EXTRA_DIST += %D%/cellblock-listener.8
