# listener: what meets strangers. The library is for its unit tests.
noinst_LIBRARIES += %D%/liblistener.a
%C%_liblistener_a_SOURCES = %D%/greetings.c %D%/greetings.h
