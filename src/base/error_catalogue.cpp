// Every error code and what it means, sorted by code; append your codes here.
#include "base/error_catalogue.h"

#include <map>
#include <string>

#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr ErrorEntry kEntries[] = {
    // E01xx: the command line and its settings.
    {"E0101", "unknown setting", "No command, flag or setting has this name. The hint names the nearest one. An environment variable of an unknown name is a warning only."},
    {"E0102", "bad value of a setting",
     "The value cannot be read as what the setting expects: a number, a share between 0 and 1, or one of a list of words."},
    {"E0103", "unknown key in the config file",
     "The file given with --config names a setting that does not exist. Keys are the long names of the flags of `chainrule train`."},
    {"E0104", "config file cannot be read as TOML", "The file given with --config is not TOML, or a value in it is of the wrong type."},
    {"E0105", "wrong arguments", "The command needs an argument that is missing, or was given one it has no use for."},
    {"E0106", "setting of a later release", "The name is reserved, but this release cannot do it yet. The hint says what to use instead."},
    {"E0107", "setting does not fit the task", "Classes and numbers are trained with different losses, and only classes have class weights."},
    {"E0110", "unknown or unsupported instruction set",
     "CHAINRULE_ISA names an instruction set that this program does not know or this processor does not have. `chainrule version` lists "
     "the possible ones."},
    {"E0111", "unknown weight", "No weight of the network has this name. Names are those of the parameter tensors with an index: layers.1.weight[3,17]."},
    {"E0112", "explanation not possible", "This part of an explanation does not exist for this model or these rows; the message says why."},
    {"E0120", "options that exclude each other", "Two of the options on how to read the data cannot both hold; leave one of them out."},
    {"E0121", "setting that would do nothing",
     "A setting was given that nothing in this run reads, such as momentum beside adamw, dropout without hidden layers, or early stopping "
     "without validation rows. The message says who reads it. It does not matter whether it came from a flag, the environment or a config file."},
    {"E0122", "no target", "`train` and what prepares a run need to know which column to predict. `chainrule describe DATA` lists the columns."},
    {"E0130", "no such statement of the lesson", "The statements are numbered L1 to L47; `chainrule learn` lists them."},
    // E02xx: the network and training spec.
    {"E0201", "impossible size", "A network needs at least one input, one layer and one unit per layer, and must fit into memory."},
    {"E0202", "unknown name", "An activation, loss, optimiser or other kind of this name does not exist. The hint names the nearest one."},
    {"E0203", "unknown form of an optimiser", "The part after the colon, as in adam:torch, is not a form this optimiser has."},
    {"E0204", "dropout rate out of range", "The rate is the probability to drop a unit: at least 0 and below 1."},
    {"E0205", "residual between unequal widths", "A residual layer adds its input to its output, so both must have the same width."},
    {"E0206", "dropout kind not possible here",
     "Alpha dropout belongs behind selu, the output layer cannot drop its predictions, and inputs take inverted, standard or gaussian."},
    {"E0207", "layer parameter out of range", "The parameter of an activation, an initialiser or the input noise has an impossible value."},
    {"E0208", "loss parameter out of range", "Huber's delta is positive, a quantile lies between 0 and 1, label smoothing in [0, 1)."},
    {"E0209", "negative penalty", "l1, l2 and max_norm are at least 0; 0 switches them off."},
    {"E0210", "engine cannot run this network", "The engine asked for refuses the network; the message repeats its reason."},
    {"E0211", "outputs do not fit the loss",
     "gaussian_nll needs two outputs per target (mean and log variance), cross_entropy one output per class."},
    {"E0212", "normalised output layer",
     "Layer or batch normalisation on the output layer would rescale the predictions themselves; put it on hidden layers."},
    {"E0213", "optimiser setting out of range",
     "Learning rate, epsilon and weight decay are at least 0; momentum, beta1 and beta2 lie in [0, 1)."},
    {"E0214", "schedule setting out of range", "A factor, period, floor or milestone of a schedule has an impossible value."},
    {"E0215", "negative clip limit", "clip_norm and clip_value are at least 0; 0 switches them off."},
    {"E0216", "ema out of range", "The decay of the running mean of weights lies in [0, 1); 0 switches it off."},
    {"E0217", "shards is not a power of two", "The batch is cut into 1, 2, 4, ... runs that are added in a binary tree."},
    {"E0218", "not possible with lbfgs",
     "L-BFGS needs a smooth loss that is the same at every call: no dropout, noise, l1, max_norm, clipping, bf16 or "
     "running mean of the weights (ema). A loss with a kink, such as absolute_error, is taken."},
    {"E0219", "not a finite number", "A setting is infinite or not a number."},
    {"E0220", "spec cannot be parsed", "The text is not valid TOML; the place names line and column."},
    {"E0221", "unknown key in a spec", "No field has this name. The hint names the nearest one."},
    {"E0222", "wrong type in a spec", "The value is not of the kind the field needs: a number, a whole number, a word in quotes, a list or a table."},
    {"E0223", "argument of a call does not fit", "A size, pointer or order of calls does not fit the network. The place names call and argument."},
    {"E0224", "no such row in the samples", "A row number given to a call is not below the number of rows."},
    {"E0225", "label or weight out of range", "A row's label is no class of the network, or its weight is not a finite number of at least 0."},
    {"E0226", "object was moved from", "A Network, Model or Table that was moved from can only be assigned to or destroyed."},
    {"E0230", "wrong number of parameters", "The values given do not have the size of the network's parameter vector."},
    {"E0231", "spec does not fit the data",
     "The network of --spec has other inputs, outputs or another loss than the table and its target call for."},
    {"E0232", "batches of one row under batch norm",
     "Batch normalisation measures each unit over the rows of a batch; one row has no variance. Use larger batches, or layer norm."},
    {"E0233", "a spread needs two samples", "The spread of predictions with dropout left on is a standard deviation, which one sample does not have."},
    {"E0234", "checkpoint of another arithmetic",
     "The run was begun by a release that computed one of its settings differently (row weights, a running mean of weights, small last batches "
     "under batch norm, ...): continued, it would be neither that run nor a new one."},
    // E03xx: the data.
    {"E0301", "cell cannot be read",
     "Almost every cell of this column is a number (or a date), but this one is not, so it is more likely a slip than a category. Correct "
     "the cell, name it as a missing marker with --missing, or treat the column as text with --categorical."},
    {"E0302", "empty file", "The file holds no bytes, or nothing but blank lines."},
    {"E0303", "header without data", "The file has a line of column names and no row below it."},
    {"E0304", "NUL byte in text", "A text table never holds NUL bytes: the file is binary, or damaged at the named place."},
    {"E0305", "UTF-16 or UTF-32 text", "Text tables are read as UTF-8. Convert the file first, for example with iconv."},
    {"E0306", "invalid UTF-8", "The bytes at the named line are not valid UTF-8; the file was probably saved in an older encoding."},
    {"E0307", "ragged row", "Every row must have as many fields as the first line. A separator inside a text needs quotes around the text."},
    {"E0308", "quote never closed", "A field that begins with a quotation mark must end with one. The named line is where it opened."},
    {"E0309", "number out of range",
     "The cell is a number too large for a 64-bit float, or infinite. Networks cannot learn from it: correct it or declare it missing."},
    {"E0310", "unknown column", "No column has this name, and it is not the number of a column (counted from 0)."},
    {"E0311", "unknown target", "The column to predict does not exist."},
    {"E0312", "constant target", "The target has the same value in every training row, so there is nothing to learn."},
    {"E0313", "one class only", "All training rows belong to one class, so there is nothing to tell apart."},
    {"E0314", "no usable column", "After leaving out the target and empty or constant columns no input is left."},
    {"E0315", "target value missing", "A row has no value in the target column. Drop the row or fill it in."},
    {"E0316", "text after a closing quote",
     "After the quotation mark that ends a field only the separator or the end of the line may follow. Quotation marks inside a quoted "
     "field are written twice."},
    {"E0317", "too many columns", "The first line has more fields than any table Chainrule reads; the separator is probably wrong."},
    {"E0318", "not a table", "The file is of a kind that Chainrule does not read as a table."},
    {"E0320", "column missing", "The model was trained with a column that this table does not have."},
    {"E0321", "text in a numeric column", "The model learned this column as numbers, but the cell is not one."},
    {"E0322", "unknown class", "A row has a class that training never saw."},
    {"E0323", "split column has a missing value", "Splitting by time or group needs a value in that column in every row."},
    {"E0324", "split column has the wrong type", "Splitting by time needs a numeric or date column."},
    {"E0325", "too few groups", "Whole groups go to one part of the split each, so there must be at least as many groups as parts."},
    {"E0326", "split leaves a part empty", "The shares asked for leave no rows for training, validation or test."},
    {"E0327", "bad row weight", "A weight of a row or class is a finite number of at least 0, a class has one, and some training row must weigh more than 0."},
    {"E0328", "negative count", "The poisson loss is for counts and rates: targets of at least 0."},
    {"E0329", "row does not exist", "Rows are numbered from 0; the table has fewer rows than that."},
    {"E0330", "not a valid IDX file", "An IDX file starts with two zero bytes, a type (8: bytes) and the number of dimensions."},
    {"E0331", "truncated array", "The file ends before the array that its header announces."},
    {"E0332", "array size out of range", "The header announces dimensions whose product no file could hold."},
    {"E0333", "bytes after the array", "The file is longer than the array that its header announces."},
    {"E0334", "images and labels do not match", "There must be one label for each image or row."},
    {"E0335", "folder without a data set", "A folder is read as an IDX data set: train-images-idx3-ubyte and train-labels-idx1-ubyte."},
    {"E0336", "bad NPY header", "The header of the NPY array cannot be read."},
    {"E0337", "unsupported NPY type", "Arrays of 32 and 64-bit floats, of integers and of booleans are read; others are not."},
    {"E0338", "no test part", "The folder holds no t10k-images and t10k-labels files."},
    {"E0339", "bad NPZ archive", "The ZIP archive is damaged, or holds no array that is clearly the data."},
    {"E0340", "array without rows", "The array has no rows or no columns."},
    {"E0341", "data changed while it was read",
     "The file's size or the time of its last change was another at its end than at its beginning, so that the rows may be of both. Read it when "
     "it has been written completely, or read a copy."},
    {"E0342", "line without end",
     "A line, or a record with line ends between quotation marks, is longer than 256 MB, which no table needs: a quotation mark is not closed, or "
     "the file is no table."},
    {"E0343", "input without end",
     "What comes from a pipe or a device, or is unpacked, has no size that is known before, and is read into at most a third of the memory. Give "
     "a part of it; a plain file may be larger, and `predict` reads text of any size in parts."},
    {"E0346", "about as many classes as rows",
     "The target holds more than 100 different texts, and more than one for every two rows: an identifier, a name or free text, of which no row "
     "tells anything about another. Choose another target. If each text is a class that you want to tell apart nevertheless, say so with --task "
     "classification; the output layer then has one unit for each."},
    {"E0347", "thousands or decimals",
     "Every comma (or point) of this column has one to three digits before it and three behind it, and no other cell shows whether it is a decimal mark "
     "or stands between thousands. Where an answer is to be learned from the column, that must be said: --thousands , makes 1,070 mean 1070, "
     "--decimal , makes it 1.07."},
    {"E0348", "day or month first",
     "No cell of this column has a day beyond the 12th, so that 01/02/2024 may be 1 February or 2 January. Say which with --date-order dmy or "
     "--date-order mdy."},
    {"E0349", "texts among numbers or dates",
     "At least half of this column are numbers (or dates), but not all, and the column is the target, weighs rows or orders them in time, so that it "
     "must not become text. Correct the cell or remove the row. A target whose values are classes nevertheless is one with --task classification."},
    {"E0350", "table read in another style",
     "The table was read for itself, and its marks in numbers were taken for others than in the model's training data, so that its values may be others "
     "too. Read tables for a model by the model: Model::read, Model::predict_file."},
    {"E0353", "validation rows of no weight", "All validation rows weigh 0: the validation loss, by which the best epoch is chosen, is not defined."},
    // E04xx: files.
    {"E0401", "cannot open file", "The file does not exist or may not be read."},
    {"E0402", "not a model file", "The file does not start as a safetensors file does, or its header cannot be read."},
    {"E0403", "header of the file is malformed",
     "The JSON header of the safetensors file is damaged: bad syntax, an unknown or repeated field, or a value of the wrong type."},
    {"E0404", "tensor entry is malformed", "Shape, data type and offsets of a tensor contradict each other or point outside the file."},
    {"E0405", "data type not supported", "Chainrule's files hold 32-bit floats (F32) and nothing else."},
    {"E0406", "tensors overlap or leave a hole", "The tensors of the file must cover its data exactly: no overlap, no gap, no rest."},
    {"E0407", "data changed", "A run can be resumed only with the data it started with, byte for byte."},
    {"E0408", "repeated name", "Two tensors, or two entries of the header, have the same name."},
    {"E0409", "file cut short or too long", "The length in the file's header does not fit the file: it was not copied to its end, or was changed."},
    {"E0410", "digest does not match", "The file's content is not what was written: it was damaged or edited. Copy it again or train again."},
    {"E0411", "bad feature state", "The part of the model file that describes the input columns cannot be read."},
    {"E0412", "self-test failed",
     "The model does not compute here what it computed where it was saved, on the rows it carries for this purpose. The program or the "
     "machine is at fault; do not use these predictions."},
    {"E0413", "not a Chainrule model of a known version", "The safetensors file lacks Chainrule's entries, or a newer program wrote it."},
    {"E0414", "network and tensors do not fit", "The stored network spec asks for other tensors or shapes than the file holds."},
    {"E0415", "no usable checkpoint", "The folder holds no checkpoint, or no generation of it can be read; the message says why for each."},
    {"E0416", "run cannot be resumed", "The data was not a file, so it cannot be read again. Runs on standard input or a table in memory keep no checkpoint: E0415."},
    {"E0421", "cannot create", "The file or folder cannot be created: missing folder, no permission, or read-only disk."},
    {"E0422", "write failed", "The disk is full or failed; the old file, if any, is untouched."},
    {"E0423", "cannot replace", "The finished temporary file could not be renamed to its place; the old file, if any, is untouched."},
    {"E0424", "read failed", "The file was opened, but reading it failed, or another program changed it meanwhile."},
    {"E0425", "folder in use", "Another run works in this folder; the message names its process. The lock ends with that process, however it ends."},
    {"E0426", "folder holds a run",
     "Training here would start over: go on with --resume, name another folder with --out, or give --force. With --force the checkpoints there are "
     "given up at the start, a finished model only when the new one is finished."},
    {"E0427", "file of others", "A file has the name of one that the run would write, but Chainrule did not write it, or it is damaged. It is left alone."},
    {"E0428", "model too large for its file", "The header of a model file has room for 100 MB of description: about half a million columns. Leave some out with --drop."},
    {"E0430", "damaged compressed file", "The gzip or zstd stream is corrupt; unpack it by hand to see how far it goes."},
    {"E0431", "truncated compressed file", "The gzip or zstd stream ends too early; the file was probably not copied to its end."},
    {"E0432", "compressed file expands too far", "The stream unpacks to more than 64 MiB and more than 250 times its size, which real tables hardly ever do; unpack it by hand if it is trusted."},
    {"E0490", "out of memory",
     "The system refused memory. A smaller batch, narrower layers or fewer columns need less; while a table is read, fewer rows or columns."},
    // E05xx: training went wrong.
    {"E0501", "training diverged",
     "A value on the way forward or back, a loss or a weight became infinite or not a number. The run stopped there; the message names the "
     "first such value: step, layer, unit, row and column. The run's folder holds the last good model, a checkpoint if the data was a file, and divergence.html "
     "and divergence.json: the steps that led there, and what was tried from the start of the run (the learning rate by tens until one holds, "
     "gradients clipped at 1, adamw); the hint is the command that held. `chainrule train --resume DIR` takes the failed step again."},
    {"E0590", "interrupted", "The run was stopped by the user. `train` wrote a checkpoint, and --resume continues it; experiments of many runs start anew. While the data "
     "was still being read, nothing was written."},
};

std::map<std::string_view, std::string> make_texts() {
  std::map<std::string_view, std::string> texts;
  for (const ErrorEntry& entry : kEntries) {
    texts.emplace(entry.code, std::string(entry.title) + "\n" + std::string(entry.explanation));
  }
  return texts;
}

}  // namespace

std::span<const ErrorEntry> error_catalogue() noexcept { return kEntries; }

std::string_view explain_error(std::string_view code) noexcept {
  static const std::map<std::string_view, std::string> texts = make_texts();
  const auto found = texts.find(code);
  return found == texts.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace chainrule
