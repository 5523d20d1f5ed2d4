<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>ArrowModel</name>
    <message>
        <source>text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>label</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>BarChart</name>
    <message>
        <source>and {n} more</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CatalogueModel</name>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Languages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>yes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>to download</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Closing</name>
    <message>
        <source>The window closes as soon as the run has ended…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The project has changes that are not saved.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Discard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go back</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run is ending</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run is being ended. It can be ended by force; what is not yet saved is then lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End by force</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wait</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model is training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop and keep the best weights so far, or cancel and discard the run?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop, keep the best, then close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel and close</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on training</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ComparisonView</name>
    <message>
        <source>No run to compare with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose an earlier run to see every number of both side by side.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a run…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another run…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparison of two runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This run beside {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where the intervals overlap, the difference may be chance.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The runs were tested on different numbers of texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Metric</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Other run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Difference</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>▲ better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>▼ worse</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>≈ may be chance</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CompressPane</name>
    <message>
        <source>Compress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Steps after training that make the model smaller and faster. Each is measured against the trained model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No compression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The trained model is exported as it is. Dynamic int8 makes it about a quarter of the size.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What will change</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measured in the last run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy (95 % interval)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16 texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Measured size, accuracy and speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Later</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove this step</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CompressPresenter</name>
    <message>
        <source>The weights become 8-bit whole numbers: about a quarter of the size. Activations are scaled on the fly.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ConfusionModel</name>
    <message>
        <source>predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>true</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} with the true label {true} predicted as {predicted} ({share} of {true})</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ConfusionSection</name>
    <message>
        <source>Shares of each row</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples of the chosen cell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows: true label · columns: predicted label. Choose a cell to read its texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No cell is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} texts with the true label {true}, predicted as {predicted}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first {n} texts with the true label {true}, predicted as {predicted}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ConfusionView</name>
    <message>
        <source>Confusion matrix: rows are true labels, columns predicted labels</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>The project could not be opened</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The project could not be saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Saved as {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>TLStudio {version}

Transfer learning with pretrained transformers, without code.
Apache License 2.0. Nothing leaves this computer unless you ask for a download.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CurvePlot</name>
    <message>
        <source>off</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No values yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log axis</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shows small values as clearly as large ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the whole curve (zoom with Ctrl and the wheel, move by dragging)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fit {plot} to its curves</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smoothing of {plot}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>optimiser steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Earlier runs ({n})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>★ best: step {step}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DataPane</name>
    <message>
        <source>Data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file has changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use the sample</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No data yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a CSV, TSV or JSON Lines file with a column of texts and a column of labels, or drop it here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labelled file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text column</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label column</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preview</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels and lengths</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading and cleaning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preview of the rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows of each label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lengths of the texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How rows are divided</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Separate files are used as they are; shares apply to what has no file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows of each class in each split</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How the file is read</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What to do about flawed rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>characters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>tab</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>comma</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>semicolon</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>bar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DataPresenter</name>
    <message>
        <source>Leave them out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make them one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Labelled files (*.csv *.tsv *.jsonl *.json *.txt);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a labelled file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Projects and recipes (*.tlstudio *.yaml *.yml);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Projects (*.tlstudio)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>DoctorDialog</name>
    <message>
        <source>Doctor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the doctor says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The doctor could not be started: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExceptionHook</name>
    <message>
        <source>TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something went wrong inside TLStudio.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your project is untouched. Details are in {path}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExportCard</name>
    <message>
        <source>No files were kept, so that nobody uses a wrong model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder is no longer there: {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of the export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How to use it, from a terminal and without TLStudio:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Command that uses the export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not compared with the trained model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{rows} texts compared · {agreement} same labels · largest logit difference {difference} · limit {limit}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExportPane</name>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write the ticked formats of the run that is shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each file is loaded again in its own runtime and compared with the trained model before it counts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Written exports</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing exported yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The ticked formats are written at the end of a run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Formats</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tick formats and choose Export now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something is going on; the progress is in the status line.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No format is ticked; the trained model stays in the run folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>These formats are written at the end of the next run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export now writes these formats for {run}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Field</name>
    <message>
        <source>Auto</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose {field} automatically</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>FileRow</name>
    <message>
        <source>Choose…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose: {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give up this file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give up: {title}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>optional: taken from the labelled file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Histogram</name>
    <message>
        <source>Text lengths from {low} to {high} {unit}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>IntervalBars</name>
    <message>
        <source>Accuracy beside the baselines</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LogModel</name>
    <message>
        <source>Time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Level</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Message</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>detail</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>info</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>error</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least level of the lines that are shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everything</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Info and above</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the chosen lines, or all shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the shown lines as a text file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the log</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The log was not saved</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>warning</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;New</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save &amp;as…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Start training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Pause or resume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>S&amp;top and keep the best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Cancel and discard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Read the files again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Light or dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the &amp;sample project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Doctor: check this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;About TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Main toolbar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>New project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There are unsaved changes</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ModelPane</name>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The pretrained network that your data will teach.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use a folder…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A folder in the layout of transformers: config, tokenizer, safetensors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Catalogue of models</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>organisation/name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of another model on the hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use this model of the hub</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another model of the &amp;hub:</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel the download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chosen model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What is inside</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Longest text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Languages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not stated</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Revision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ModelPresenter</name>
    <message>
        <source>Choose the folder of a model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model in the table, or a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking into the model…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This model is not on this machine. It comes from huggingface.co. {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the hub…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{size}/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>NetworkView</name>
    <message>
        <source>Drawing of the network</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Block</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pooler</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Head</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>trains</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>frozen</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>fp32 → int8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stays fp32</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Plan</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Estimating</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Estimate time and memory</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rehearses a few steps on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go there</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to the step where this is mended</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProbabilityBars</name>
    <message>
        <source>Probabilities</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProblemList</name>
    <message>
        <source>Error</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warning</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Readiness</name>
    <message>
        <source>A run is going on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The data is still being read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RecordTable</name>
    <message>
        <source>Copy the chosen rows</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ReliabilityDiagram</name>
    <message>
        <source>confidence {confidence}, accuracy {accuracy}, {count} texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reliability diagram</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confidence of the model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share that is right</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultsPane</name>
    <message>
        <source>Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No results yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Train a model; its measured accuracy, errors, size and speed then stand here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parts of the results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put another run beside this one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The whole run as one page</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results of each class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The most confident errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The errors that the model was most sure of: often wrong labels in the data, or two classes that touch.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Summary</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confusion</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Errors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size and speed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This run has no results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{run} ended before it was evaluated. Its log and curves are in the Train step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>completed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>stopped early, best weights kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On average the model&apos;s confidence is {ece} away from how often it is right. Points below the dashed line are too sure, above it too careful; grey bars count the texts.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RunStatus</name>
    <message>
        <source>Starting the worker…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping after this batch…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>epoch {n}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {total} {unit}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>RunsPane</name>
    <message>
        <source>Runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No runs yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every run is kept as a folder with its recipe, curves, results and model, and is listed here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go to Train</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look at the folders again (F5)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter by any column</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Filter the runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show the results of the chosen run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Put the ticked runs side by side</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the ticked or chosen runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Curve that is shown</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tick runs to lay their curves over each other.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Smallest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Duration</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>✓ completed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>✓ stopped early</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>– cancelled</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>✕ failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>▶ going on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>⚠ interrupted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>⚠ damaged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete these runs with their models and exports? This cannot be undone.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Keep</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{shown} of {n} runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Curves</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Folder of the runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in a process of its own (recommended)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>in this process</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Training runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as the system</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>light</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>dark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Colours</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Ask before closing while a model trains</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another way of running takes effect with the next run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of the runs</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StagesView</name>
    <message>
        <source>The model before and after each compression step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latency is the median for one text, and for a batch of 16, on this machine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No compression step was chosen; the Compress step offers one that makes the file smaller.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title}: {smaller} × smaller, {faster} × as fast, accuracy {points} points.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stage</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Format</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>16 texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Same labels</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message>
        <source>Load of the processor and memory in use on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop and keep the best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel and discard</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CPU {cpu} %   RAM {used} / {total} GB</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StepList</name>
    <message>
        <source>Steps</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StrategyPane</name>
    <message>
        <source>Strategy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Which parts of the network learn from your data, and how.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How to transfer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What will train</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StrategyPresenter</name>
    <message>
        <source>{part} of {all} parameters train.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model to see its blocks here.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SummaryView</name>
    <message>
        <source>All metrics with their 95 % intervals</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Extra sets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results on extra sets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All metrics on the test set</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{accuracy} accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of {rows} test texts that the model never saw, {accuracy} got the right label. With 95 % confidence the true share lies between {low} and {high}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} reaches {value}: the intervals overlap, so the model may be no better.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} reaches {value}, which is better than this model: something is wrong.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{title} reaches {value}: the model makes {fewer} fewer errors.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{strategy} on {rows} texts in {epochs} epochs ({time}); the weights of epoch {best} were kept. {device}, {precision}, batches of {batch}, {memory} of memory at most.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Metric</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Value</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TrainPane</name>
    <message>
        <source>Train</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{done} of {total} {unit}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Epoch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Samples/s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time left</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run everything that the recipe says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pause</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hold the run; nothing is lost</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resume</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go on where it was paused</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop and keep best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End training now and go on with the best weights so far</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>End the run and discard what it has learnt</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accuracy and F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Train again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a model and a labelled file first.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ready. Start training to see the curves grow here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting the worker…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Running</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Paused. Resume goes on with the same step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping after this batch; the best weights are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finished. The results are in the next step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run has failed; the log below says why.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>TryBox</name>
    <message>
        <source>Text to try the model on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Type or paste a text of your own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The answer and its probabilities will stand here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model gave no answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Asking the model…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome to TLStudio</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From a pretrained transformer and a labelled file to a small, tested, exported model: on this computer, without code. Nothing leaves it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try the sample</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About 800 support messages in eight intents, ready to train in a few minutes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the sample project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start with your own file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A CSV, TSV or JSON Lines file with texts and labels. You can also drop it on this window.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A .tlstudio file that was saved earlier, or a recipe.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent projects</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start with an empty project</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>_Chip</name>
    <message>
        <source>done in {time}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>waiting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>going on</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>failed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>left out</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>&apos;tlstudio runs&apos; lists the runs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&apos;{run}&apos; is the beginning of {count} runs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 billion multilingual text pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1.17 billion English sentence pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>160 GB of English books, news, web pages and stories</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>2 trillion tokens of English web pages, code and science</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>2.5 TB of filtered web pages in 100 languages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A classifier needs at least two classes: choose another column or add examples of another class.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A hundred languages; the usual choice when texts come in several.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A labelled file needs at least two columns: a text and a label.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A model of the hub, or a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A quarter of the size and faster on a CPU, at nearly the same accuracy. Needs the dynamic int8 step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A row of {path} after row {row} is longer than 8 MB.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A table with a header, values separated by commas, tabs, semicolons or bars.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About a hundred languages, Chinese among them; sentence embeddings of good quality.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Accept them there and log in with &apos;hf auth login&apos;, or choose another model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add examples, or leave these classes out with data.rare_classes: drop.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add it to the recipe.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add rows, or change the shares in data.split.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add the step &apos;{step}&apos; under Compress, or leave this export out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Add training examples of it, or remove it from the {split} file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another seed gives another split.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Attention dropout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Auto rehearses a few steps and takes bf16 where it is really faster.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Auto takes CUDA, then MPS, then the CPU.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>BERT base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>BGE small Chinese</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Balanced makes an error on a rare class cost more: n / (classes x count), as in scikit-learn.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Best by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>BookCorpus and English Wikipedia</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bootstrap samples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CSV or TSV</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change the order of the steps, or remove one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change the value; &apos;tlstudio options&apos; lists what is allowed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Character between the values; auto looks at the first lines.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the connection and try again; what was fetched is kept. A mirror can be set with HF_ENDPOINT.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the disk and the folder, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the file in a text editor near this row; the delimiter or the encoding may be wrong.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the path, or choose the file again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the spelling; a private model needs &apos;hf auth login&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check whether several texts were joined by a missing quotation mark, or split the text.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chinese text pairs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a .yaml file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a CSV, TSV or JSON Lines file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file with a header and labelled rows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file with labelled rows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder that you may write to, or change its permissions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a labelled file in the Data step, or set data.path.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a labelled file in the Data step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a labelled file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a run that was completed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a smaller batch size or a smaller model, or close other programs; then start again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a version of the model with model.safetensors.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another encoding.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another model, or restore config.json from its source.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another model. Code that comes with a model is never run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another model; pickled weights are not downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose one in the Model step, or set model.name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose one in the Model step.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose one of these columns, or correct the first line of the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose one of: {known}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the column that holds the classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the file again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the folder of a model in transformers layout.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the folder of a run or of an export.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the folder that holds config.json and model.safetensors.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose two different columns.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Class weights</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Classes with a single example cannot be learnt and tested.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close other programs, lower task.max_length or training.batch_size, or choose a smaller model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Commit of the hub that is used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the tokenizer files of the original model into the folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Correct the label, or leave the file out of evaluate.extra_sets.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Correct the line; each line must be one JSON object.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Correct the line; indentation matters in YAML.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Decoupled decay (AdamW).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delimiter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Device</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>DistilBERT base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download it in the Model step or with: tlstudio download {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download or copy the model again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download the model again, or choose its complete folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download the model again; do not use the file if you cannot explain the difference.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloading {name} ({megabytes} MB in {files} files) from {host}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dynamic int8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each line must look like {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Each text belongs to one class: topics, intents, sentiment, spam.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Empty keeps the value of the model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Empty rows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Epochs without improvement before training stops; 0 never stops.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every layer is trained. The most accurate choice when there are a few hundred labelled texts or more.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expected calibration error</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Expected calibration error (lower is better)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export the model again; the file is damaged or incomplete.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Extra sets</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Features of {count} texts were found in the cache.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fill them in, or leave them out with data.empty_rows: drop.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free some memory, or install TLStudio again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free some space or choose another folder, then start again. Nothing half-written was left.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Full fine-tuning</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give a test file, or a test share above 0.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give every column a name of its own in the first line.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give more of the id: {ids}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gradient clip</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hash that model.safetensors must have.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Hidden dropout</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install TLStudio again, so that both parts have the same version.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Install TLStudio again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its roles are: {known}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>JSON Lines</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Kind of file; auto looks at its content.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Labels that differ only by case or spaces.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Language code such as zh_CN; empty follows the system.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Largest gradient norm.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {line} of {path} has {found} values where the header has {expected}: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {line} of {path} is not a JSON object: {text}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {line} of {path} is not valid JSON: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Line {line} of {path} is not valid UTF-8, and no other encoding fits the file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Linear probe</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log loss (lower is better)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lower the maximum length, or choose a model for long texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Lower training.learning_rate, set training.precision to fp32, or lower training.gradient_clip.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make them one with data.similar_labels: merge, or keep them with data.similar_labels: keep.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Matthews correlation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Maximum length</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Memory is short: each batch of {batch} rows is computed in {parts} parts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>MiniLM L6</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ModernBERT base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More labelled files, tested only.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Multilingual E5 small</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name on the hub such as org/name, or the path of a folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name the folder of a finished run or of an export.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No better {metric} for {patience} epochs: training ends early and the best weights are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No data is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No finished run yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No model is chosen.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No rows are left for {split}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ONNX fp32</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ONNX int8</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>One JSON object a line; its keys are the columns.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Optional separate file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Passes over the training rows, at most; early stopping may end sooner.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patience</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Peak rate, reached after the warm-up.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pooling</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pooling &apos;{wish}&apos; is not possible with a model of type {kind}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Processor threads; auto takes the physical cores.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Quote values that contain the delimiter, close every quotation mark, or add or remove values in this line.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ROC AUC (one against rest)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ROC AUC, one against rest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rare classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recent English encoder; texts up to 8,192 tokens and source code.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rehearsal: a step takes {fp32} ms in fp32 and {bf16} ms in bf16; {chosen} is used.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove it, or correct its spelling.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Resamples behind each 95 % interval.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Revision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>RoBERTa base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Roles</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Row {row} of {path} has a text of {characters} characters; only its beginning will be read.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows for each step of the optimiser.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rows without text or label: ask stops with their numbers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the recipe again; the other results are still shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs in ONNX Runtime from Python, C++, C#, Java or JavaScript, without PyTorch, at full precision.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>SHA-256</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Safetensors (transformers)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save it as CSV, TSV or JSON Lines.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the file as UTF-8, or say which encoding it has (data.encoding).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Save the table as CSV, TSV or JSON Lines in UTF-8, and choose that file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed of weights, order and dropout.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set strategy.pooling to auto.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set training.device to auto or cpu; &apos;tlstudio doctor&apos; lists the devices.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of rows kept for the final test.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of the other rows used to choose the best epoch.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of the steps in which the rate rises linearly.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Shorten it, or check for a quotation mark that is never closed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Similar labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Small and quick; a good first choice for English sentences and short texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Small and quick; sentence embeddings for Chinese.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something went wrong inside TLStudio: {kind}: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Split seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start again. If it happens again, run &apos;tlstudio doctor&apos; and report the log.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start again; what the run had saved is kept in its folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start from &apos;tlstudio init&apos; or save a recipe from the window.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Start training, or open an earlier run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop or cancel it first, then delete it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped at step {step} on your wish; the best weights are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test accuracy {value} % (95 % interval {low} to {high} %) on {rows} texts; bag of words: {baseline} %.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test share</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text and label are the same column, &apos;{name}&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text classification</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text encoding, such as utf-8, cp1252 or gb18030.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The backbone stays as it is and runs once; only the head is trained on its features, in seconds. Good for a first answer and for small data.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The classic baseline for English.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has only one label: &apos;{label}&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has {count} different labels in {rows} rows: it does not look like classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The computer ran out of memory, so the system ended the worker.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The delimiter must be one character, not {value}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk is full: {path} could not be written.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The export &apos;{export}&apos; needs the compression step &apos;{step}&apos;, which this recipe does not have.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model answers like the trained one: over {rows} texts no score differs by more than {difference}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model could not be used in a fresh process: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model differs from the trained one: over {rows} texts a score differs by {difference}, and {tolerance} is allowed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model gives the trained model&apos;s label for only {agreement} of {rows} texts; {tolerance} is expected.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model gives the trained model&apos;s label for {agreement} of {rows} texts.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The exported model was not compared with the trained one: there are no test rows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file has no column left for the {role}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file is damaged; restore it from its source.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The label &apos;{label}&apos; occurs in the {split} rows but in no training row.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The labelled file; training rows if other files are given.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The labels &apos;{one}&apos; and &apos;{other}&apos; differ only by case or spaces ({count} such labels).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The log of the run has the details; please report it with them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The loss became not-a-number at step {step}; training ends here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The loss is not a number any more (step {step}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model gave no finite scores for {count} of {rows} test rows, the first being row {row}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The model reads at most {limit} tokens, not {wish}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The old file is kept as {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The program&apos;s own file {name} is missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The recipe has schema {found}; this version reads schema {known}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The recipe is not a mapping of fields.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run {run} has no trained model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The run {run} is going on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The settings file could not be read; the program starts with its defaults.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The step &apos;{name}&apos; cannot follow here: it takes a {takes} model, and the step before gives {given}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The tokenizer in {path} cannot be read: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The worker knows no job &apos;{name}&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The worker process could not be started: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The worker speaks protocol {found}; this window speaks {known}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The worker stopped unexpectedly (exit code {exit}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The worker was ended from outside (exit code {exit}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There are no rows to test on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no column &apos;{name}&apos; for the {role}; the file {path} has: {known}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no model folder {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no role &apos;{role}&apos; in this task.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no run &apos;{run}&apos; in {folder}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no text encoding called {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no trained model in {path}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is not enough memory for this model.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is not enough memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This machine has no usable {device} device.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokens that are read of each text; auto takes 128, or less if the model allows less.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Train again with a lower learning rate or in fp32 precision.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training will take about {minutes} minutes at most and {memory} GB of memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Two thirds of BERT&apos;s size at nearly its accuracy; well documented everywhere.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Update TLStudio, or save the recipe again with this version.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Update TLStudio.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use , ; | or tab.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use utf-8, cp1252, gb18030 or another name that Python knows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Usually more accurate than BERT base at the same size; case-sensitive.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation metric that decides which weights are kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation share</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wait a second, then start again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weighted F1</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weighted precision</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weighted recall</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weights as 8-bit integers: about a quarter of the size and faster on a CPU, at a small loss of accuracy.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Weights as safetensors with config and tokenizer. For Python programs, further training and the hub.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What the head reads: the mean over all tokens, or the first or last token. Auto takes the mean where the architecture allows it, else the token that its head uses.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where run folders are made; empty takes the default.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Which column is the text and which the label.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Window geometry as base64.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>XLM-RoBERTa base</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a PDF document</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a Parquet file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a compressed (gz) file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a database</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a zip archive or an Excel workbook</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>an old Excel or Word document</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>chosen by you</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has few different values</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>it has the longest texts</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>its name says so</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} classes have a single example, such as &apos;{label}&apos;: they cannot be both learnt and tested.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} rows of {path} have no text or no label, first in row {row}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field} is missing.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field}: there is no such field.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{field}: {value} is not allowed: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{host} has no model (or revision) called {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} could not be downloaded from {host}: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} has no weights in safetensors format.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} is not on this machine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{name} may only be downloaded after accepting its terms on {host}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be loaded by ONNX Runtime: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read or written: permission denied or a read-only folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} could not be read after row {row}: {reason}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} could not be read or written: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} does not exist.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} does not say which architecture the model has (model_type).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} exists already.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no config.json.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no rows below its header.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no tokenizer (tokenizer.json or a vocabulary).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has no {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has the label &apos;{label}&apos;, which the model was not trained on.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} has {count} columns called &apos;{name}&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds its weights as a pickle, which can run any code when it is opened.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} holds no class names: it is not a trained classifier.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is a folder, not a labelled file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is damaged or incomplete: {reason}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is empty.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is in none of the known formats ({known}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not a text file: it looks like {kind}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not the expected file: its SHA-256 is {found}, expected {expected}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not valid JSON: {reason} in line {line}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not valid YAML: {reason} in line {line}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is not {encoding} text.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} is too large for a recipe.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{path} names the architecture &apos;{kind}&apos;, which the installed transformers does not know.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{texts} texts ({percent} %) are longer than {max_length} tokens and were cut; {tokens_lost} tokens are lost.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{train} texts to train on, {test} to test with, {classes} classes.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{where}: there is no &apos;{name}&apos;.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>formats</name>
    <message>
        <source>{s} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{m} min {s:02d} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{h} h {m:02d} min</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>metrics</name>
    <message>
        <source>Accuracy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision, mean of classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recall, mean of classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F1, mean of classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision, weighted by class size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recall, weighted by class size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F1, weighted by class size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Matthews correlation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ROC AUC, one against rest</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Calibration error (ECE)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Share of texts with the right label</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the texts given a label, the share that has it; all classes count alike</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Of the texts with a label, the share that was found; all classes count alike</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision and recall in one number; all classes count alike</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Precision, where large classes count more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Recall, where large classes count more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>F1, where large classes count more</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>1 is perfect, 0 is chance; robust when classes differ in size</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How well the probabilities order the texts; 50 % is chance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Penalises confident errors; smaller is better</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>How far confidence is from being right; smaller is better</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>outcome</name>
    <message>
        <source>Finished in {time}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped after {time}; the best weights were kept.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancelled after {time}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>plan</name>
    <message>
        <source>No model chosen yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} parameters, {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No data chosen yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the data…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{rows} texts, {classes} labels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>number of epochs chosen automatically</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>at most {n} epochs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>trains {part} of {all} parameters</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the best epoch is kept</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No compression</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>size, speed and accuracy are measured before and after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Then {steps}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>each file is loaded again and compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export as {formats}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About {time}, {memory} of memory (measured on this computer)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>samples</name>
    <message>
        <source>Row</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>True</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>words</name>
    <message>
        <source>{s} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{m} min {s} s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{m} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{h} h {m} min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} languages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>English</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>German</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>many languages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Model</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Train</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Runs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Preparing the data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tokenising</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rehearsing a few steps</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Computing features</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Training</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compressing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading the data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Validation</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Test</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>done</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>running</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
