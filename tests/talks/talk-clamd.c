#include "drivers.h"

int
main (int argc, char **argv)
{
  return talk_main (argc, argv, &talk_clamd);
}
