// Answers that are no question of io::questions(): those about the service itself, the machine and its files.
#pragma once

#include "server/route.h"

namespace vram::server {

Answer health(const Call& call);
Answer metrics(const Call& call);
Answer description(const Call& call);
/// {"write_token", "version"}: only a page of this very origin can read it, so only that can write.
Answer session(const Call& call);
Answer detected(const Call& call);
Answer known_models(const Call& call);
/// {"name", "source", "model": {"config", "name", "weights_index"}}: the model of that name, as a request may hold it.
Answer model(const Call& call);
/// A file of an allowed folder, as it is.
Answer log(const Call& call);
Answer profiles(const Call& call);

Answer registry_entries(const Call& call);
/// {"place", "text"}: the registry's file as it is.
Answer registry_file(const Call& call);
Answer apply_to_registry(const Call& call);
Answer restore_registry(const Call& call);

/// The names of this user's calibrations.
Answer calibrations(const Call& call);
/// What `calibrate --export` prints.
Answer calibration(const Call& call);
Answer learn_calibration(const Call& call);
Answer forget_calibration(const Call& call);

Answer inspect(const Call& call);
Answer limits(const Call& call);
Answer matrix(const Call& call);
Answer placements(const Call& call);
/// A row a combination. Ends with an error where it takes too long.
Answer sweep_rows(const Call& call);
/// A report a line.
Answer batch_lines(const Call& call);

}  // namespace vram::server
