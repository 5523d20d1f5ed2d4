<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>ArrowModel</name>
    <message>
        <source>text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>label</source>
        <translation>标签</translation>
    </message>
</context>
<context>
    <name>BarChart</name>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 项</translation>
    </message>
</context>
<context>
    <name>CatalogueModel</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Languages</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>本机已有</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>to download</source>
        <translation>需下载</translation>
    </message>
</context>
<context>
    <name>Closing</name>
    <message>
        <source>The window closes as soon as the run has ended…</source>
        <translation>本次运行结束后，窗口将立即关闭…</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>未保存的更改</translation>
    </message>
    <message>
        <source>The project has changes that are not saved.</source>
        <translation>项目有尚未保存的更改。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>放弃更改</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>The run is ending</source>
        <translation>正在结束运行</translation>
    </message>
    <message>
        <source>The run is being ended. It can be ended by force; what is not yet saved is then lost.</source>
        <translation>正在结束本次运行。也可以强制结束，但尚未保存的内容会丢失。</translation>
    </message>
    <message>
        <source>End by force</source>
        <translation>强制结束</translation>
    </message>
    <message>
        <source>Wait</source>
        <translation>等待</translation>
    </message>
    <message>
        <source>A model is training</source>
        <translation>模型正在训练</translation>
    </message>
    <message>
        <source>Stop and keep the best weights so far, or cancel and discard the run?</source>
        <translation>要停止并保留目前的最佳权重，还是取消并丢弃本次运行？</translation>
    </message>
    <message>
        <source>Stop, keep the best, then close</source>
        <translation>停止并保留最佳权重，然后关闭</translation>
    </message>
    <message>
        <source>Cancel and close</source>
        <translation>取消并关闭</translation>
    </message>
    <message>
        <source>Go on training</source>
        <translation>继续训练</translation>
    </message>
</context>
<context>
    <name>ComparisonView</name>
    <message>
        <source>No run to compare with</source>
        <translation>没有可对比的运行</translation>
    </message>
    <message>
        <source>Choose an earlier run to see every number of both side by side.</source>
        <translation>选择一次较早的运行，并排查看两者的全部指标。</translation>
    </message>
    <message>
        <source>Choose a run…</source>
        <translation>选择运行…</translation>
    </message>
    <message>
        <source>Choose another run…</source>
        <translation>选择其他运行…</translation>
    </message>
    <message>
        <source>Comparison of two runs</source>
        <translation>两次运行的对比</translation>
    </message>
    <message>
        <source>This run beside {name}</source>
        <translation>本次运行与 {name} 的对比</translation>
    </message>
    <message>
        <source>Where the intervals overlap, the difference may be chance.</source>
        <translation>如果置信区间重叠，差异可能只是偶然。</translation>
    </message>
    <message>
        <source>The runs were tested on different numbers of texts.</source>
        <translation>两次运行的测试文本数量不同。</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>This run</source>
        <translation>本次运行</translation>
    </message>
    <message>
        <source>Other run</source>
        <translation>另一运行</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>{points} points</source>
        <translation>{points} 个百分点</translation>
    </message>
    <message>
        <source>▲ better</source>
        <translation>▲ 更好</translation>
    </message>
    <message>
        <source>▼ worse</source>
        <translation>▼ 更差</translation>
    </message>
    <message>
        <source>≈ may be chance</source>
        <translation>≈ 可能是偶然</translation>
    </message>
</context>
<context>
    <name>CompressPane</name>
    <message>
        <source>Compress</source>
        <translation>压缩</translation>
    </message>
    <message>
        <source>Steps after training that make the model smaller and faster. Each is measured against the trained model.</source>
        <translation>训练之后让模型更小、更快的步骤。每一步都会与训练好的模型对比测量。</translation>
    </message>
    <message>
        <source>Add a step</source>
        <translation>添加步骤</translation>
    </message>
    <message>
        <source>No compression</source>
        <translation>不压缩</translation>
    </message>
    <message>
        <source>The trained model is exported as it is. Dynamic int8 makes it about a quarter of the size.</source>
        <translation>训练好的模型将原样导出。动态 int8 量化可将其缩小到约四分之一。</translation>
    </message>
    <message>
        <source>What will change</source>
        <translation>将要改变的部分</translation>
    </message>
    <message>
        <source>Measured in the last run</source>
        <translation>上次运行的测量结果</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Accuracy (95 % interval)</source>
        <translation>准确率（95 % 置信区间）</translation>
    </message>
    <message>
        <source>1 text</source>
        <translation>1 条文本</translation>
    </message>
    <message>
        <source>16 texts</source>
        <translation>16 条文本</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致率</translation>
    </message>
    <message>
        <source>Measured size, accuracy and speed</source>
        <translation>测得的大小、准确率和速度</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>前移</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>后移</translation>
    </message>
    <message>
        <source>Remove this step</source>
        <translation>移除此步骤</translation>
    </message>
</context>
<context>
    <name>CompressPresenter</name>
    <message>
        <source>The weights become 8-bit whole numbers: about a quarter of the size. Activations are scaled on the fly.</source>
        <translation>权重变为 8 位整数：体积约为原来的四分之一。激活值在推理时动态缩放。</translation>
    </message>
</context>
<context>
    <name>ConfusionModel</name>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>true</source>
        <translation>真实</translation>
    </message>
    <message>
        <source>{count} with the true label {true} predicted as {predicted} ({share} of {true})</source>
        <translation>{count} 条真实标签为 {true} 的文本被预测为 {predicted}（占 {true} 的 {share}）</translation>
    </message>
</context>
<context>
    <name>ConfusionSection</name>
    <message>
        <source>Shares of each row</source>
        <translation>按行显示占比</translation>
    </message>
    <message>
        <source>Samples of the chosen cell</source>
        <translation>所选单元格的样本</translation>
    </message>
    <message>
        <source>Rows: true label · columns: predicted label. Choose a cell to read its texts.</source>
        <translation>行：真实标签 · 列：预测标签。选择一个单元格即可查看其中的文本。</translation>
    </message>
    <message>
        <source>No cell is chosen.</source>
        <translation>未选择单元格。</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>{n} texts with the true label {true}, predicted as {predicted}</source>
        <translation>{n} 条真实标签为 {true}、预测为 {predicted} 的文本</translation>
    </message>
    <message>
        <source>The first {n} texts with the true label {true}, predicted as {predicted}</source>
        <translation>真实标签为 {true}、预测为 {predicted} 的前 {n} 条文本</translation>
    </message>
</context>
<context>
    <name>ConfusionView</name>
    <message>
        <source>Confusion matrix: rows are true labels, columns predicted labels</source>
        <translation>混淆矩阵：行为真实标签，列为预测标签</translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>The project could not be opened</source>
        <translation>无法打开项目</translation>
    </message>
    <message>
        <source>The project could not be saved</source>
        <translation>无法保存项目</translation>
    </message>
    <message>
        <source>Saved as {name}</source>
        <translation>已保存为 {name}</translation>
    </message>
    <message>
        <source>TLStudio {version}

Transfer learning with pretrained transformers, without code.
Apache License 2.0. Nothing leaves this computer unless you ask for a download.</source>
        <translation>TLStudio {version}

使用预训练 Transformer 进行迁移学习，无需编写代码。
Apache License 2.0。除非您要求下载，任何数据都不会离开这台电脑。</translation>
    </message>
    <message>
        <source>About TLStudio</source>
        <translation>关于 TLStudio</translation>
    </message>
</context>
<context>
    <name>CurvePlot</name>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>No values yet</source>
        <translation>尚无数据</translation>
    </message>
    <message>
        <source>Log axis</source>
        <translation>对数轴</translation>
    </message>
    <message>
        <source>Shows small values as clearly as large ones</source>
        <translation>让小数值与大数值一样清晰可见</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Show the whole curve (zoom with Ctrl and the wheel, move by dragging)</source>
        <translation>显示整条曲线（按住 Ctrl 滚动滚轮可缩放，拖动可平移）</translation>
    </message>
    <message>
        <source>Fit {plot} to its curves</source>
        <translation>缩放“{plot}”以显示全部曲线</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>平滑</translation>
    </message>
    <message>
        <source>Smoothing of {plot}</source>
        <translation>“{plot}”的平滑度</translation>
    </message>
    <message>
        <source>optimiser steps</source>
        <translation>优化步数</translation>
    </message>
    <message>
        <source>Earlier runs ({n})</source>
        <translation>较早的运行（{n}）</translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation>第 {step} 步</translation>
    </message>
    <message>
        <source>★ best: step {step}</source>
        <translation>★ 最佳：第 {step} 步</translation>
    </message>
</context>
<context>
    <name>DataPane</name>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>重新读取</translation>
    </message>
    <message>
        <source>The file has changed</source>
        <translation>文件已更改</translation>
    </message>
    <message>
        <source>Use the sample</source>
        <translation>使用示例数据</translation>
    </message>
    <message>
        <source>No data yet</source>
        <translation>尚无数据</translation>
    </message>
    <message>
        <source>Choose a CSV, TSV or JSON Lines file with a column of texts and a column of labels, or drop it here.</source>
        <translation>请选择含有文本列和标签列的 CSV、TSV 或 JSON Lines 文件，或将文件拖放到此处。</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Labelled file</source>
        <translation>标注文件</translation>
    </message>
    <message>
        <source>Validation file</source>
        <translation>验证集文件</translation>
    </message>
    <message>
        <source>Test file</source>
        <translation>测试集文件</translation>
    </message>
    <message>
        <source>Text column</source>
        <translation>文本列</translation>
    </message>
    <message>
        <source>Label column</source>
        <translation>标签列</translation>
    </message>
    <message>
        <source>Reading the data</source>
        <translation>正在读取数据</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Labels and lengths</source>
        <translation>标签与长度</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>Reading and cleaning</source>
        <translation>读取与清洗</translation>
    </message>
    <message>
        <source>Preview of the rows</source>
        <translation>数据行预览</translation>
    </message>
    <message>
        <source>Rows of each label</source>
        <translation>各标签的行数</translation>
    </message>
    <message>
        <source>Lengths of the texts</source>
        <translation>文本长度分布</translation>
    </message>
    <message>
        <source>How rows are divided</source>
        <translation>数据行的划分方式</translation>
    </message>
    <message>
        <source>Separate files are used as they are; shares apply to what has no file.</source>
        <translation>单独提供的文件按原样使用；没有文件的部分按比例划分。</translation>
    </message>
    <message>
        <source>Rows of each class in each split</source>
        <translation>各类别在各数据集中的行数</translation>
    </message>
    <message>
        <source>How the file is read</source>
        <translation>文件读取方式</translation>
    </message>
    <message>
        <source>What to do about flawed rows</source>
        <translation>如何处理有问题的行</translation>
    </message>
    <message>
        <source>characters</source>
        <translation>字符</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>{n} rows</source>
        <translation>{n} 行</translation>
    </message>
    <message>
        <source>tab</source>
        <translation>制表符</translation>
    </message>
    <message>
        <source>comma</source>
        <translation>逗号</translation>
    </message>
    <message>
        <source>semicolon</source>
        <translation>分号</translation>
    </message>
    <message>
        <source>bar</source>
        <translation>竖线</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
</context>
<context>
    <name>DataPresenter</name>
    <message>
        <source>Leave them out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Make them one</source>
        <translation>合并</translation>
    </message>
    <message>
        <source>Keep them</source>
        <translation>保留</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Labelled files (*.csv *.tsv *.jsonl *.json *.txt);;All files (*)</source>
        <translation>标注文件 (*.csv *.tsv *.jsonl *.json *.txt);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose a labelled file</source>
        <translation>选择标注文件</translation>
    </message>
    <message>
        <source>Projects and recipes (*.tlstudio *.yaml *.yml);;All files (*)</source>
        <translation>项目与配方 (*.tlstudio *.yaml *.yml);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>打开项目</translation>
    </message>
    <message>
        <source>Save the project</source>
        <translation>保存项目</translation>
    </message>
    <message>
        <source>Projects (*.tlstudio)</source>
        <translation>项目 (*.tlstudio)</translation>
    </message>
    <message>
        <source>TLStudio</source>
        <translation>TLStudio</translation>
    </message>
</context>
<context>
    <name>DoctorDialog</name>
    <message>
        <source>Doctor</source>
        <translation>环境诊断</translation>
    </message>
    <message>
        <source>What the doctor says</source>
        <translation>诊断结果</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>The doctor could not be started: {reason}</source>
        <translation>无法启动环境诊断：{reason}</translation>
    </message>
</context>
<context>
    <name>ExceptionHook</name>
    <message>
        <source>TLStudio</source>
        <translation>TLStudio</translation>
    </message>
    <message>
        <source>Something went wrong inside TLStudio.</source>
        <translation>TLStudio 内部出错。</translation>
    </message>
    <message>
        <source>Your project is untouched. Details are in {path}</source>
        <translation>您的项目未受影响。详情见 {path}</translation>
    </message>
</context>
<context>
    <name>ExportCard</name>
    <message>
        <source>No files were kept, so that nobody uses a wrong model.</source>
        <translation>未保留任何文件，以免有人误用错误的模型。</translation>
    </message>
    <message>
        <source>The folder is no longer there: {path}</source>
        <translation>文件夹已不存在：{path}</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Copy path</source>
        <translation>复制路径</translation>
    </message>
    <message>
        <source>Folder of the export</source>
        <translation>导出文件夹</translation>
    </message>
    <message>
        <source>your text</source>
        <translation>您的文本</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>复制命令</translation>
    </message>
    <message>
        <source>How to use it, from a terminal and without TLStudio:</source>
        <translation>在终端中使用（无需 TLStudio）：</translation>
    </message>
    <message>
        <source>Command that uses the export</source>
        <translation>使用导出模型的命令</translation>
    </message>
    <message>
        <source>Not compared with the trained model.</source>
        <translation>未与训练好的模型对比。</translation>
    </message>
    <message>
        <source>{rows} texts compared · {agreement} same labels · largest logit difference {difference} · limit {limit}</source>
        <translation>已对比 {rows} 条文本 · {agreement} 标签一致 · logit 最大差异 {difference} · 上限 {limit}</translation>
    </message>
</context>
<context>
    <name>ExportPane</name>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export now</source>
        <translation>立即导出</translation>
    </message>
    <message>
        <source>Write the ticked formats of the run that is shown</source>
        <translation>将当前所示的运行导出为勾选的格式</translation>
    </message>
    <message>
        <source>Each file is loaded again in its own runtime and compared with the trained model before it counts.</source>
        <translation>每个文件都会在其自身的运行时中重新加载，并与训练好的模型对比，通过后才视为有效。</translation>
    </message>
    <message>
        <source>Written exports</source>
        <translation>已写出的导出文件</translation>
    </message>
    <message>
        <source>Nothing exported yet</source>
        <translation>尚未导出</translation>
    </message>
    <message>
        <source>The ticked formats are written at the end of a run.</source>
        <translation>勾选的格式会在运行结束时写出。</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>Formats</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Tick formats and choose Export now.</source>
        <translation>请勾选格式，然后点击“立即导出”。</translation>
    </message>
    <message>
        <source>Something is going on; the progress is in the status line.</source>
        <translation>有任务正在进行；进度见状态栏。</translation>
    </message>
    <message>
        <source>No format is ticked; the trained model stays in the run folder.</source>
        <translation>未勾选任何格式；训练好的模型保留在运行文件夹中。</translation>
    </message>
    <message>
        <source>These formats are written at the end of the next run.</source>
        <translation>这些格式会在下次运行结束时写出。</translation>
    </message>
    <message>
        <source>Export now writes these formats for {run}.</source>
        <translation>点击“立即导出”将为 {run} 写出这些格式。</translation>
    </message>
</context>
<context>
    <name>Field</name>
    <message>
        <source>auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Auto</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Choose {field} automatically</source>
        <translation>自动选择“{field}”</translation>
    </message>
    <message>
        <source>As in the model</source>
        <translation>与模型相同</translation>
    </message>
    <message>
        <source>Leave {field} as in the model</source>
        <translation>“{field}”与模型保持相同</translation>
    </message>
</context>
<context>
    <name>FileRow</name>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose: {title}</source>
        <translation>选择：{title}</translation>
    </message>
    <message>
        <source>Give up this file</source>
        <translation>不再使用此文件</translation>
    </message>
    <message>
        <source>Give up: {title}</source>
        <translation>移除：{title}</translation>
    </message>
    <message>
        <source>optional: taken from the labelled file</source>
        <translation>可选：默认从标注文件中划分</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
</context>
<context>
    <name>Histogram</name>
    <message>
        <source>Text lengths from {low} to {high} {unit}</source>
        <translation>文本长度：{low} 至 {high} {unit}</translation>
    </message>
</context>
<context>
    <name>IntervalBars</name>
    <message>
        <source>Accuracy beside the baselines</source>
        <translation>准确率与基线对比</translation>
    </message>
</context>
<context>
    <name>LogModel</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Level</source>
        <translation>级别</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>detail</source>
        <translation>详细</translation>
    </message>
    <message>
        <source>info</source>
        <translation>信息</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>error</source>
        <translation>错误</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Log</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Least level of the lines that are shown</source>
        <translation>显示日志的最低级别</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Info and above</source>
        <translation>信息及以上</translation>
    </message>
    <message>
        <source>Warnings and errors</source>
        <translation>警告和错误</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the chosen lines, or all shown</source>
        <translation>复制选中的行；未选中时复制全部显示的行</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Save the shown lines as a text file</source>
        <translation>将显示的行保存为文本文件</translation>
    </message>
    <message>
        <source>Save the log</source>
        <translation>保存日志</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>文本 (*.txt)</translation>
    </message>
    <message>
        <source>The log was not saved</source>
        <translation>日志未能保存</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>警告</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>TLStudio</source>
        <translation>TLStudio</translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;New</source>
        <translation>新建(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>打开(&amp;O)…</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>最近打开(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>保存(&amp;S)</translation>
    </message>
    <message>
        <source>Save &amp;as…</source>
        <translation>另存为(&amp;A)…</translation>
    </message>
    <message>
        <source>Se&amp;ttings…</source>
        <translation>设置(&amp;T)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>重做(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Run</source>
        <translation>运行(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Start training</source>
        <translation>开始训练(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Pause or resume</source>
        <translation>暂停或继续(&amp;P)</translation>
    </message>
    <message>
        <source>S&amp;top and keep the best</source>
        <translation>停止并保留最佳权重(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Cancel and discard</source>
        <translation>取消并丢弃(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Read the files again</source>
        <translation>重新读取文件(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Light or dark</source>
        <translation>浅色或深色(&amp;L)</translation>
    </message>
    <message>
        <source>L&amp;anguage</source>
        <translation>语言(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Open the &amp;sample project</source>
        <translation>打开示例项目(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Doctor: check this computer</source>
        <translation>环境诊断：检查这台电脑(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;About TLStudio</source>
        <translation>关于 TLStudio(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Steps</source>
        <translation>步骤(&amp;S)</translation>
    </message>
    <message>
        <source>Main toolbar</source>
        <translation>主工具栏</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>New project</source>
        <translation>新项目</translation>
    </message>
    <message>
        <source>There are unsaved changes</source>
        <translation>有未保存的更改</translation>
    </message>
</context>
<context>
    <name>ModelPane</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>The pretrained network that your data will teach.</source>
        <translation>将由您的数据来训练的预训练网络。</translation>
    </message>
    <message>
        <source>Use a folder…</source>
        <translation>使用文件夹…</translation>
    </message>
    <message>
        <source>A folder in the layout of transformers: config, tokenizer, safetensors</source>
        <translation>transformers 布局的文件夹：含配置、分词器和 safetensors</translation>
    </message>
    <message>
        <source>Catalogue of models</source>
        <translation>模型目录</translation>
    </message>
    <message>
        <source>organisation/name</source>
        <translation>组织名/模型名</translation>
    </message>
    <message>
        <source>Name of another model on the hub</source>
        <translation>Hub 上其他模型的名称</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Use this model of the hub</source>
        <translation>使用 Hub 上的此模型</translation>
    </message>
    <message>
        <source>Another model of the &amp;hub:</source>
        <translation>Hub 上的其他模型(&amp;H)：</translation>
    </message>
    <message>
        <source>Progress of the download</source>
        <translation>下载进度</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Cancel the download</source>
        <translation>取消下载</translation>
    </message>
    <message>
        <source>Chosen model</source>
        <translation>所选模型</translation>
    </message>
    <message>
        <source>What is inside</source>
        <translation>内部结构</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Longest text</source>
        <translation>最大文本长度</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 个词元</translation>
    </message>
    <message>
        <source>Vocabulary</source>
        <translation>词表</translation>
    </message>
    <message>
        <source>Languages</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>未说明</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>修订版本</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
</context>
<context>
    <name>ModelPresenter</name>
    <message>
        <source>Choose the folder of a model</source>
        <translation>选择模型文件夹</translation>
    </message>
    <message>
        <source>Choose a model in the table, or a folder.</source>
        <translation>请在表格中选择模型，或选择文件夹。</translation>
    </message>
    <message>
        <source>Looking into the model…</source>
        <translation>正在查看模型…</translation>
    </message>
    <message>
        <source>This model is not on this machine. It comes from huggingface.co. {size}</source>
        <translation>此模型不在本机上。来源：huggingface.co。{size}</translation>
    </message>
    <message>
        <source>Asking the hub…</source>
        <translation>正在查询 Hub…</translation>
    </message>
    <message>
        <source>{size}/s</source>
        <translation>{size}/s</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>NetworkView</name>
    <message>
        <source>Drawing of the network</source>
        <translation>网络示意图</translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation>嵌入层</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Pooler</source>
        <translation>池化层</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>分类头</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>trains</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>frozen</source>
        <translation>冻结</translation>
    </message>
    <message>
        <source>fp32 → int8</source>
        <translation>fp32 → int8</translation>
    </message>
    <message>
        <source>stays fp32</source>
        <translation>保持 fp32</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Plan</source>
        <translation>计划</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>Estimating</source>
        <translation>正在估算</translation>
    </message>
    <message>
        <source>Estimate time and memory</source>
        <translation>估算时间与内存</translation>
    </message>
    <message>
        <source>Rehearses a few steps on this computer</source>
        <translation>在这台电脑上试跑几步</translation>
    </message>
    <message>
        <source>Go there</source>
        <translation>前往</translation>
    </message>
    <message>
        <source>Go to the step where this is mended</source>
        <translation>前往可解决此问题的步骤</translation>
    </message>
</context>
<context>
    <name>ProbabilityBars</name>
    <message>
        <source>Probabilities</source>
        <translation>概率</translation>
    </message>
</context>
<context>
    <name>ProblemList</name>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
</context>
<context>
    <name>Readiness</name>
    <message>
        <source>A run is going on.</source>
        <translation>有运行正在进行。</translation>
    </message>
    <message>
        <source>The data is still being read.</source>
        <translation>数据仍在读取中。</translation>
    </message>
    <message>
        <source>Training…</source>
        <translation>正在训练…</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
</context>
<context>
    <name>RecordTable</name>
    <message>
        <source>Copy the chosen rows</source>
        <translation>复制选中的行</translation>
    </message>
</context>
<context>
    <name>ReliabilityDiagram</name>
    <message>
        <source>confidence {confidence}, accuracy {accuracy}, {count} texts</source>
        <translation>置信度 {confidence}，准确率 {accuracy}，{count} 条文本</translation>
    </message>
    <message>
        <source>Reliability diagram</source>
        <translation>可靠性图</translation>
    </message>
    <message>
        <source>Confidence of the model</source>
        <translation>模型的置信度</translation>
    </message>
    <message>
        <source>Share that is right</source>
        <translation>正确的占比</translation>
    </message>
</context>
<context>
    <name>ResultsPane</name>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>No results yet</source>
        <translation>尚无结果</translation>
    </message>
    <message>
        <source>Train a model; its measured accuracy, errors, size and speed then stand here.</source>
        <translation>训练模型后，此处会显示测得的准确率、错误、大小和速度。</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>Parts of the results</source>
        <translation>结果的各部分</translation>
    </message>
    <message>
        <source>Compare…</source>
        <translation>对比…</translation>
    </message>
    <message>
        <source>Put another run beside this one</source>
        <translation>与另一次运行并排对比</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>打开报告</translation>
    </message>
    <message>
        <source>The whole run as one page</source>
        <translation>在一页中查看整个运行</translation>
    </message>
    <message>
        <source>Results of each class</source>
        <translation>各类别的结果</translation>
    </message>
    <message>
        <source>The most confident errors</source>
        <translation>置信度最高的错误</translation>
    </message>
    <message>
        <source>The errors that the model was most sure of: often wrong labels in the data, or two classes that touch.</source>
        <translation>模型最有把握却判错的样本：往往是数据标注有误，或两个类别界限不清。</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Confusion</source>
        <translation>混淆矩阵</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Errors</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Size and speed</source>
        <translation>大小与速度</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>试用</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Test texts</source>
        <translation>测试文本</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>精确率</translation>
    </message>
    <message>
        <source>Recall</source>
        <translation>召回率</translation>
    </message>
    <message>
        <source>F1</source>
        <translation>F1</translation>
    </message>
    <message>
        <source>This run has no results</source>
        <translation>此运行没有结果</translation>
    </message>
    <message>
        <source>{run} ended before it was evaluated. Its log and curves are in the Train step.</source>
        <translation>{run} 在评估之前就已结束。其日志和曲线见“训练”步骤。</translation>
    </message>
    <message>
        <source>completed</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>stopped early, best weights kept</source>
        <translation>已提前停止，保留了最佳权重</translation>
    </message>
    <message>
        <source>On average the model&apos;s confidence is {ece} away from how often it is right. Points below the dashed line are too sure, above it too careful; grey bars count the texts.</source>
        <translation>平均而言，模型的置信度与实际正确率相差 {ece}。虚线下方的点表示过于自信，上方的点表示过于谨慎；灰色柱表示文本数量。</translation>
    </message>
</context>
<context>
    <name>RunStatus</name>
    <message>
        <source>Starting the worker…</source>
        <translation>正在启动工作进程…</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Stopping after this batch…</source>
        <translation>将在当前批次后停止…</translation>
    </message>
    <message>
        <source>epoch {n}</source>
        <translation>轮次 {n}</translation>
    </message>
</context>
<context>
    <name>RunsPane</name>
    <message>
        <source>Runs</source>
        <translation>运行记录</translation>
    </message>
    <message>
        <source>No runs yet</source>
        <translation>尚无运行记录</translation>
    </message>
    <message>
        <source>Every run is kept as a folder with its recipe, curves, results and model, and is listed here.</source>
        <translation>每次运行都保存为一个文件夹，包含配方、曲线、结果和模型，并列在此处。</translation>
    </message>
    <message>
        <source>Go to Train</source>
        <translation>前往“训练”</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>刷新</translation>
    </message>
    <message>
        <source>Look at the folders again (F5)</source>
        <translation>重新查看文件夹（F5）</translation>
    </message>
    <message>
        <source>Filter by any column</source>
        <translation>按任意列筛选</translation>
    </message>
    <message>
        <source>Filter the runs</source>
        <translation>筛选运行记录</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Show the results of the chosen run</source>
        <translation>显示所选运行的结果</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Put the ticked runs side by side</source>
        <translation>并排对比勾选的运行</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>打开报告</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Delete the ticked or chosen runs</source>
        <translation>删除勾选或选中的运行</translation>
    </message>
    <message>
        <source>Curve that is shown</source>
        <translation>显示的曲线</translation>
    </message>
    <message>
        <source>Validation accuracy</source>
        <translation>验证准确率</translation>
    </message>
    <message>
        <source>Validation F1</source>
        <translation>验证 F1</translation>
    </message>
    <message>
        <source>Validation loss</source>
        <translation>验证损失</translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation>训练损失</translation>
    </message>
    <message>
        <source>Tick runs to lay their curves over each other.</source>
        <translation>勾选多次运行即可叠加显示其曲线。</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation>宏平均 F1</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Smallest</source>
        <translation>最小体积</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>时长</translation>
    </message>
    <message>
        <source>✓ completed</source>
        <translation>✓ 已完成</translation>
    </message>
    <message>
        <source>✓ stopped early</source>
        <translation>✓ 已提前停止</translation>
    </message>
    <message>
        <source>– cancelled</source>
        <translation>– 已取消</translation>
    </message>
    <message>
        <source>✕ failed</source>
        <translation>✕ 失败</translation>
    </message>
    <message>
        <source>▶ going on</source>
        <translation>▶ 进行中</translation>
    </message>
    <message>
        <source>⚠ interrupted</source>
        <translation>⚠ 已中断</translation>
    </message>
    <message>
        <source>⚠ damaged</source>
        <translation>⚠ 已损坏</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 项</translation>
    </message>
    <message>
        <source>Delete runs</source>
        <translation>删除运行记录</translation>
    </message>
    <message>
        <source>Delete these runs with their models and exports? This cannot be undone.</source>
        <translation>要删除这些运行及其模型和导出文件吗？此操作无法撤销。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>{n} runs</source>
        <translation>{n} 次运行</translation>
    </message>
    <message>
        <source>{shown} of {n} runs</source>
        <translation>{shown} / {n} 次运行</translation>
    </message>
    <message>
        <source>1 run</source>
        <translation>1 次运行</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>曲线</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>&amp;Folder of the runs</source>
        <translation>运行文件夹(&amp;F)</translation>
    </message>
    <message>
        <source>in a process of its own (recommended)</source>
        <translation>在独立进程中（推荐）</translation>
    </message>
    <message>
        <source>in this process</source>
        <translation>在本进程中</translation>
    </message>
    <message>
        <source>&amp;Training runs</source>
        <translation>训练运行方式(&amp;T)</translation>
    </message>
    <message>
        <source>as the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>&amp;Colours</source>
        <translation>配色(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Ask before closing while a model trains</source>
        <translation>训练期间关闭窗口前询问(&amp;A)</translation>
    </message>
    <message>
        <source>Another way of running takes effect with the next run.</source>
        <translation>更改运行方式后，从下次运行起生效。</translation>
    </message>
    <message>
        <source>Folder of the runs</source>
        <translation>运行文件夹</translation>
    </message>
</context>
<context>
    <name>StagesView</name>
    <message>
        <source>The model before and after each compression step</source>
        <translation>各压缩步骤前后的模型</translation>
    </message>
    <message>
        <source>Latency is the median for one text, and for a batch of 16, on this machine.</source>
        <translation>延迟为本机上单条文本以及 16 条一批时的中位数。</translation>
    </message>
    <message>
        <source>No compression step was chosen; the Compress step offers one that makes the file smaller.</source>
        <translation>未选择压缩步骤；“压缩”步骤中有一项可以缩小文件。</translation>
    </message>
    <message>
        <source>{title}: {smaller} × smaller, {faster} × as fast, accuracy {points} points.</source>
        <translation>{title}：体积缩小为原来的 1/{smaller}，速度为原来的 {faster} 倍，准确率变化 {points} 个百分点。</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>1 text</source>
        <translation>1 条文本</translation>
    </message>
    <message>
        <source>16 texts</source>
        <translation>16 条文本</translation>
    </message>
    <message>
        <source>Same labels</source>
        <translation>标签一致率</translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message>
        <source>Load of the processor and memory in use on this computer</source>
        <translation>本机的处理器负载和内存占用</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Stop and keep the best</source>
        <translation>停止并保留最佳权重</translation>
    </message>
    <message>
        <source>Cancel and discard</source>
        <translation>取消并丢弃</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>CPU {cpu} %   RAM {used} / {total} GB</source>
        <translation>CPU {cpu} %   RAM {used} / {total} GB</translation>
    </message>
</context>
<context>
    <name>StepList</name>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
</context>
<context>
    <name>StrategyPane</name>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Which parts of the network learn from your data, and how.</source>
        <translation>网络的哪些部分从您的数据中学习，以及如何学习。</translation>
    </message>
    <message>
        <source>How to transfer</source>
        <translation>迁移方式</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>高级</translation>
    </message>
    <message>
        <source>What will train</source>
        <translation>将要训练的部分</translation>
    </message>
</context>
<context>
    <name>StrategyPresenter</name>
    <message>
        <source>{part} of {all} parameters train.</source>
        <translation>{all} 参数中有 {part} 参与训练。</translation>
    </message>
    <message>
        <source>Choose a model to see its blocks here.</source>
        <translation>选择模型后，此处会显示其各层。</translation>
    </message>
</context>
<context>
    <name>SummaryView</name>
    <message>
        <source>All metrics with their 95 % intervals</source>
        <translation>全部指标及其 95 % 置信区间</translation>
    </message>
    <message>
        <source>Extra sets</source>
        <translation>额外测试集</translation>
    </message>
    <message>
        <source>Results on extra sets</source>
        <translation>额外测试集上的结果</translation>
    </message>
    <message>
        <source>All metrics on the test set</source>
        <translation>测试集上的全部指标</translation>
    </message>
    <message>
        <source>{accuracy} accuracy</source>
        <translation>准确率 {accuracy}</translation>
    </message>
    <message>
        <source>This model</source>
        <translation>本模型</translation>
    </message>
    <message>
        <source>Of {rows} test texts that the model never saw, {accuracy} got the right label. With 95 % confidence the true share lies between {low} and {high}.</source>
        <translation>在模型从未见过的 {rows} 条测试文本中，{accuracy} 得到了正确的标签。真实比例在 95 % 置信水平下介于 {low} 与 {high} 之间。</translation>
    </message>
    <message>
        <source>{title} reaches {value}: the intervals overlap, so the model may be no better.</source>
        <translation>{title} 达到 {value}：置信区间重叠，因此本模型未必更好。</translation>
    </message>
    <message>
        <source>{title} reaches {value}, which is better than this model: something is wrong.</source>
        <translation>{title} 达到 {value}，优于本模型：说明某处有问题。</translation>
    </message>
    <message>
        <source>{title} reaches {value}: the model makes {fewer} fewer errors.</source>
        <translation>{title} 达到 {value}：本模型的错误减少了 {fewer}。</translation>
    </message>
    <message>
        <source>{strategy} on {rows} texts in {epochs} epochs ({time}); the weights of epoch {best} were kept. {device}, {precision}, batches of {batch}, {memory} of memory at most.</source>
        <translation>{strategy}：{rows} 条文本，训练 {epochs} 轮（用时 {time}），保留第 {best} 轮的权重。{device}，{precision}，批大小 {batch}，内存峰值 {memory}。</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>What it says</source>
        <translation>含义</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>Set</source>
        <translation>数据集</translation>
    </message>
</context>
<context>
    <name>TrainPane</name>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Progress of the run</source>
        <translation>运行进度</translation>
    </message>
    <message>
        <source>Epoch</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>步数</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Gradient norm</source>
        <translation>梯度范数</translation>
    </message>
    <message>
        <source>Samples/s</source>
        <translation>样本/秒</translation>
    </message>
    <message>
        <source>Time left</source>
        <translation>剩余时间</translation>
    </message>
    <message>
        <source>Start training</source>
        <translation>开始训练</translation>
    </message>
    <message>
        <source>Run everything that the recipe says</source>
        <translation>执行配方中的全部内容</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Hold the run; nothing is lost</source>
        <translation>暂停运行；不会丢失任何内容</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Go on where it was paused</source>
        <translation>从暂停处继续</translation>
    </message>
    <message>
        <source>Stop and keep best</source>
        <translation>停止并保留最佳</translation>
    </message>
    <message>
        <source>End training now and go on with the best weights so far</source>
        <translation>立即结束训练，并以目前的最佳权重继续后续步骤</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>End the run and discard what it has learnt</source>
        <translation>结束运行并丢弃已学到的内容</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>Accuracy and F1</source>
        <translation>准确率与 F1</translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation>宏平均 F1</translation>
    </message>
    <message>
        <source>Train again</source>
        <translation>重新训练</translation>
    </message>
    <message>
        <source>Choose a model and a labelled file first.</source>
        <translation>请先选择模型和标注文件。</translation>
    </message>
    <message>
        <source>Ready. Start training to see the curves grow here.</source>
        <translation>已就绪。开始训练后，曲线会显示在此处。</translation>
    </message>
    <message>
        <source>Starting the worker…</source>
        <translation>正在启动工作进程…</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Paused. Resume goes on with the same step.</source>
        <translation>已暂停。继续时将从同一步恢复。</translation>
    </message>
    <message>
        <source>Stopping after this batch; the best weights are kept.</source>
        <translation>将在当前批次后停止；最佳权重会保留。</translation>
    </message>
    <message>
        <source>Finished. The results are in the next step.</source>
        <translation>已结束。结果见下一步。</translation>
    </message>
    <message>
        <source>The run has failed; the log below says why.</source>
        <translation>运行失败；原因见下方日志。</translation>
    </message>
</context>
<context>
    <name>TryBox</name>
    <message>
        <source>Text to try the model on</source>
        <translation>用于试用模型的文本</translation>
    </message>
    <message>
        <source>Type or paste a text of your own</source>
        <translation>输入或粘贴您自己的文本</translation>
    </message>
    <message>
        <source>Try it</source>
        <translation>试用</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>The answer and its probabilities will stand here.</source>
        <translation>答案及其概率会显示在此处。</translation>
    </message>
    <message>
        <source>The model gave no answer.</source>
        <translation>模型没有给出答案。</translation>
    </message>
    <message>
        <source>Asking the model…</source>
        <translation>正在询问模型…</translation>
    </message>
</context>
<context>
    <name>Welcome</name>
    <message>
        <source>Welcome to TLStudio</source>
        <translation>欢迎使用 TLStudio</translation>
    </message>
    <message>
        <source>From a pretrained transformer and a labelled file to a small, tested, exported model: on this computer, without code. Nothing leaves it.</source>
        <translation>从预训练 Transformer 和标注文件，到小巧、经过测试的导出模型：全部在这台电脑上完成，无需编写代码。数据不会离开本机。</translation>
    </message>
    <message>
        <source>Try the sample</source>
        <translation>试用示例</translation>
    </message>
    <message>
        <source>About 800 support messages in eight intents, ready to train in a few minutes.</source>
        <translation>约 800 条客服消息，八种意图，几分钟即可训练完成。</translation>
    </message>
    <message>
        <source>Open the sample project</source>
        <translation>打开示例项目</translation>
    </message>
    <message>
        <source>Start with your own file</source>
        <translation>从您自己的文件开始</translation>
    </message>
    <message>
        <source>A CSV, TSV or JSON Lines file with texts and labels. You can also drop it on this window.</source>
        <translation>含有文本和标签的 CSV、TSV 或 JSON Lines 文件，也可以拖放到此窗口。</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Open a project</source>
        <translation>打开项目</translation>
    </message>
    <message>
        <source>A .tlstudio file that was saved earlier, or a recipe.</source>
        <translation>之前保存的 .tlstudio 文件，或配方。</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>Recent projects</source>
        <translation>最近的项目</translation>
    </message>
    <message>
        <source>Start with an empty project</source>
        <translation>从空项目开始</translation>
    </message>
</context>
<context>
    <name>_Chip</name>
    <message>
        <source>done in {time}</source>
        <translation>已完成，用时 {time}</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>going on</source>
        <translation>进行中</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>已跳过</translation>
    </message>
</context>
<context>
    <name>choices</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Mean of all tokens</source>
        <translation>所有词元的均值</translation>
    </message>
    <message>
        <source>First token</source>
        <translation>第一个词元</translation>
    </message>
    <message>
        <source>Last token</source>
        <translation>最后一个词元</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>模型库</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Stop and ask</source>
        <translation>停止并询问</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Make one</source>
        <translation>合并</translation>
    </message>
    <message>
        <source>Keep apart</source>
        <translation>分别保留</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation>宏平均 F1</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Processor (CPU)</source>
        <translation>处理器（CPU）</translation>
    </message>
    <message>
        <source>NVIDIA GPU (CUDA)</source>
        <translation>NVIDIA GPU（CUDA）</translation>
    </message>
    <message>
        <source>Apple GPU (MPS)</source>
        <translation>Apple GPU（MPS）</translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>&apos;tlstudio runs&apos; lists the runs.</source>
        <translation>“tlstudio runs”可列出所有运行。</translation>
    </message>
    <message>
        <source>&apos;{run}&apos; is the beginning of {count} runs.</source>
        <translation>有 {count} 个运行的编号以“{run}”开头。</translation>
    </message>
    <message>
        <source>0 lets PyTorch use its fast attention kernel, which makes training markedly faster on a CPU.</source>
        <translation>设为 0 可让 PyTorch 使用快速注意力内核，在 CPU 上训练会明显加快。</translation>
    </message>
    <message>
        <source>1 billion multilingual text pairs</source>
        <translation>10 亿个多语言文本对</translation>
    </message>
    <message>
        <source>1.17 billion English sentence pairs</source>
        <translation>11.7 亿个英语句对</translation>
    </message>
    <message>
        <source>160 GB of English books, news, web pages and stories</source>
        <translation>160 GB 英语图书、新闻、网页和故事</translation>
    </message>
    <message>
        <source>2 trillion tokens of English web pages, code and science</source>
        <translation>2 万亿词元的英语网页、代码和科学文献</translation>
    </message>
    <message>
        <source>2.5 TB of filtered web pages in 100 languages</source>
        <translation>2.5 TB 经过滤的 100 种语言网页</translation>
    </message>
    <message>
        <source>A classifier needs at least two classes: choose another column or add examples of another class.</source>
        <translation>分类器至少需要两个类别：请选择其他列，或添加其他类别的样本。</translation>
    </message>
    <message>
        <source>A hundred languages; the usual choice when texts come in several.</source>
        <translation>支持一百种语言；文本涉及多种语言时的常用选择。</translation>
    </message>
    <message>
        <source>A labelled file needs at least two columns: a text and a label.</source>
        <translation>标注文件至少需要两列：文本和标签。</translation>
    </message>
    <message>
        <source>A model of the hub, or a folder.</source>
        <translation>Hub 上的模型，或本地文件夹。</translation>
    </message>
    <message>
        <source>A quarter of the size and faster on a CPU, at nearly the same accuracy. Needs the dynamic int8 step.</source>
        <translation>体积约为四分之一，在 CPU 上更快，准确率几乎不变。需要动态 int8 步骤。</translation>
    </message>
    <message>
        <source>A row of {path} after row {row} is longer than 8 MB.</source>
        <translation>{path} 中第 {row} 行之后有一行超过 8 MB。</translation>
    </message>
    <message>
        <source>A table with a header, values separated by commas, tabs, semicolons or bars.</source>
        <translation>带表头的表格，值以逗号、制表符、分号或竖线分隔。</translation>
    </message>
    <message>
        <source>About a hundred languages, Chinese among them; sentence embeddings of good quality.</source>
        <translation>支持约一百种语言，包括中文；句子嵌入质量好。</translation>
    </message>
    <message>
        <source>Accept them there and log in with &apos;hf auth login&apos;, or choose another model.</source>
        <translation>请在该网站上接受条款，并用“hf auth login”登录，或选择其他模型。</translation>
    </message>
    <message>
        <source>Add examples, or leave these classes out with data.rare_classes: drop.</source>
        <translation>请添加样本，或用 data.rare_classes: drop 排除这些类别。</translation>
    </message>
    <message>
        <source>Add it to the recipe.</source>
        <translation>请将其添加到配方中。</translation>
    </message>
    <message>
        <source>Add rows, or change the shares in data.split.</source>
        <translation>请增加数据行，或更改 data.split 中的比例。</translation>
    </message>
    <message>
        <source>Add the step &apos;{step}&apos; under Compress, or leave this export out.</source>
        <translation>请在“压缩”中添加步骤“{step}”，或不要此项导出。</translation>
    </message>
    <message>
        <source>Add training examples of it, or remove it from the {split} file.</source>
        <translation>请添加该标签的训练样本，或将其从 {split} 文件中移除。</translation>
    </message>
    <message>
        <source>Another seed gives another split.</source>
        <translation>不同的种子产生不同的划分。</translation>
    </message>
    <message>
        <source>Attention dropout</source>
        <translation>注意力 dropout</translation>
    </message>
    <message>
        <source>Auto rehearses a few steps and takes bf16 where it is really faster.</source>
        <translation>自动：先试跑几步，仅在 bf16 确实更快时使用。</translation>
    </message>
    <message>
        <source>Auto takes CUDA, then MPS, then the CPU.</source>
        <translation>自动：优先 CUDA，其次 MPS，最后 CPU。</translation>
    </message>
    <message>
        <source>BERT base</source>
        <translation>BERT base</translation>
    </message>
    <message>
        <source>BGE small Chinese</source>
        <translation>BGE small 中文</translation>
    </message>
    <message>
        <source>Bag of words</source>
        <translation>词袋模型</translation>
    </message>
    <message>
        <source>Balanced makes an error on a rare class cost more: n / (classes x count), as in scikit-learn.</source>
        <translation>balanced 会提高稀有类别出错的代价：n /（类别数 × 该类数量），与 scikit-learn 相同。</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>Best by</source>
        <translation>择优指标</translation>
    </message>
    <message>
        <source>BookCorpus and English Wikipedia</source>
        <translation>BookCorpus 与英语维基百科</translation>
    </message>
    <message>
        <source>Bootstrap samples</source>
        <translation>自助采样次数</translation>
    </message>
    <message>
        <source>CSV or TSV</source>
        <translation>CSV 或 TSV</translation>
    </message>
    <message>
        <source>Change the order of the steps, or remove one.</source>
        <translation>请调整步骤的顺序，或移除其中一步。</translation>
    </message>
    <message>
        <source>Change the value; &apos;tlstudio options&apos; lists what is allowed.</source>
        <translation>请更改该值；“tlstudio options”可列出允许的取值。</translation>
    </message>
    <message>
        <source>Character between the values; auto looks at the first lines.</source>
        <translation>值之间的分隔字符；自动：根据开头几行判断。</translation>
    </message>
    <message>
        <source>Check the connection and try again; what was fetched is kept. A mirror can be set with HF_ENDPOINT.</source>
        <translation>请检查网络连接后重试；已下载的内容会保留。可用 HF_ENDPOINT 设置镜像。</translation>
    </message>
    <message>
        <source>Check the disk and the folder, then try again.</source>
        <translation>请检查磁盘和文件夹，然后重试。</translation>
    </message>
    <message>
        <source>Check the file in a text editor near this row; the delimiter or the encoding may be wrong.</source>
        <translation>请在文本编辑器中检查该行附近的内容；分隔符或编码可能有误。</translation>
    </message>
    <message>
        <source>Check the path, or choose the file again.</source>
        <translation>请检查路径，或重新选择文件。</translation>
    </message>
    <message>
        <source>Check the spelling; a private model needs &apos;hf auth login&apos;.</source>
        <translation>请检查拼写；私有模型需要“hf auth login”。</translation>
    </message>
    <message>
        <source>Check whether several texts were joined by a missing quotation mark, or split the text.</source>
        <translation>请检查是否因缺少引号而把多条文本连在了一起，或拆分该文本。</translation>
    </message>
    <message>
        <source>Chinese text pairs</source>
        <translation>中文文本对</translation>
    </message>
    <message>
        <source>Choose a .yaml file.</source>
        <translation>请选择 .yaml 文件。</translation>
    </message>
    <message>
        <source>Choose a CSV, TSV or JSON Lines file.</source>
        <translation>请选择 CSV、TSV 或 JSON Lines 文件。</translation>
    </message>
    <message>
        <source>Choose a file with a header and labelled rows.</source>
        <translation>请选择带表头和标注行的文件。</translation>
    </message>
    <message>
        <source>Choose a file with labelled rows.</source>
        <translation>请选择含有标注行的文件。</translation>
    </message>
    <message>
        <source>Choose a folder that you may write to, or change its permissions.</source>
        <translation>请选择有写入权限的文件夹，或更改其权限。</translation>
    </message>
    <message>
        <source>Choose a labelled file in the Data step, or set data.path.</source>
        <translation>请在“数据”步骤中选择标注文件，或设置 data.path。</translation>
    </message>
    <message>
        <source>Choose a labelled file in the Data step.</source>
        <translation>请在“数据”步骤中选择标注文件。</translation>
    </message>
    <message>
        <source>Choose a labelled file.</source>
        <translation>请选择标注文件。</translation>
    </message>
    <message>
        <source>Choose a run that was completed.</source>
        <translation>请选择已完成的运行。</translation>
    </message>
    <message>
        <source>Choose a smaller batch size or a smaller model, or close other programs; then start again.</source>
        <translation>请选择更小的批大小或更小的模型，或关闭其他程序，然后重新开始。</translation>
    </message>
    <message>
        <source>Choose a version of the model with model.safetensors.</source>
        <translation>请选择含有 model.safetensors 的模型版本。</translation>
    </message>
    <message>
        <source>Choose another encoding.</source>
        <translation>请选择其他编码。</translation>
    </message>
    <message>
        <source>Choose another model, or restore config.json from its source.</source>
        <translation>请选择其他模型，或从来源恢复 config.json。</translation>
    </message>
    <message>
        <source>Choose another model. Code that comes with a model is never run.</source>
        <translation>请选择其他模型。模型自带的代码绝不会被运行。</translation>
    </message>
    <message>
        <source>Choose another model; pickled weights are not downloaded.</source>
        <translation>请选择其他模型；不会下载 pickle 格式的权重。</translation>
    </message>
    <message>
        <source>Choose one in the Model step, or set model.name.</source>
        <translation>请在“模型”步骤中选择，或设置 model.name。</translation>
    </message>
    <message>
        <source>Choose one in the Model step.</source>
        <translation>请在“模型”步骤中选择。</translation>
    </message>
    <message>
        <source>Choose one of these columns, or correct the first line of the file.</source>
        <translation>请选择其中一列，或更正文件的第一行。</translation>
    </message>
    <message>
        <source>Choose one of: {known}.</source>
        <translation>请选择以下之一：{known}。</translation>
    </message>
    <message>
        <source>Choose the column that holds the classes.</source>
        <translation>请选择包含类别的列。</translation>
    </message>
    <message>
        <source>Choose the file again.</source>
        <translation>请重新选择文件。</translation>
    </message>
    <message>
        <source>Choose the folder of a model in transformers layout.</source>
        <translation>请选择 transformers 布局的模型文件夹。</translation>
    </message>
    <message>
        <source>Choose the folder of a run or of an export.</source>
        <translation>请选择运行或导出的文件夹。</translation>
    </message>
    <message>
        <source>Choose the folder that holds config.json and model.safetensors.</source>
        <translation>请选择包含 config.json 和 model.safetensors 的文件夹。</translation>
    </message>
    <message>
        <source>Choose two different columns.</source>
        <translation>请选择两个不同的列。</translation>
    </message>
    <message>
        <source>Class weights</source>
        <translation>类别权重</translation>
    </message>
    <message>
        <source>Classes with a single example cannot be learnt and tested.</source>
        <translation>只有一个样本的类别无法同时用于训练和测试。</translation>
    </message>
    <message>
        <source>Close other programs, lower task.max_length or training.batch_size, or choose a smaller model.</source>
        <translation>请关闭其他程序，调低 task.max_length 或 training.batch_size，或选择更小的模型。</translation>
    </message>
    <message>
        <source>Commit of the hub that is used.</source>
        <translation>所用的 Hub 提交（commit）。</translation>
    </message>
    <message>
        <source>Config and weights do not belong together; download or copy the model again.</source>
        <translation>配置与权重不匹配；请重新下载或复制模型。</translation>
    </message>
    <message>
        <source>Copy the tokenizer files of the original model into the folder.</source>
        <translation>请将原模型的分词器文件复制到该文件夹。</translation>
    </message>
    <message>
        <source>Correct the label, or leave the file out of evaluate.extra_sets.</source>
        <translation>请更正标签，或将该文件从 evaluate.extra_sets 中去掉。</translation>
    </message>
    <message>
        <source>Correct the line; each line must be one JSON object.</source>
        <translation>请更正该行；每一行必须是一个 JSON 对象。</translation>
    </message>
    <message>
        <source>Correct the line; indentation matters in YAML.</source>
        <translation>请更正该行；YAML 对缩进敏感。</translation>
    </message>
    <message>
        <source>Decoupled decay (AdamW).</source>
        <translation>解耦权重衰减（AdamW）。</translation>
    </message>
    <message>
        <source>Delimiter</source>
        <translation>分隔符</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>设备</translation>
    </message>
    <message>
        <source>DistilBERT base</source>
        <translation>DistilBERT base</translation>
    </message>
    <message>
        <source>Download it in the Model step or with: tlstudio download {name}</source>
        <translation>请在“模型”步骤中下载，或运行：tlstudio download {name}</translation>
    </message>
    <message>
        <source>Download or copy the model again.</source>
        <translation>请重新下载或复制模型。</translation>
    </message>
    <message>
        <source>Download the model again, or choose its complete folder.</source>
        <translation>请重新下载模型，或选择其完整的文件夹。</translation>
    </message>
    <message>
        <source>Download the model again; do not use the file if you cannot explain the difference.</source>
        <translation>请重新下载模型；如果无法解释差异，请勿使用该文件。</translation>
    </message>
    <message>
        <source>Downloading {name} ({megabytes} MB in {files} files) from {host}.</source>
        <translation>正在从 {host} 下载 {name}（{files} 个文件，共 {megabytes} MB）。</translation>
    </message>
    <message>
        <source>Drop a model folder, a labelled file or a project.</source>
        <translation>请拖入模型文件夹、带标签的文件或项目。</translation>
    </message>
    <message>
        <source>Dynamic int8</source>
        <translation>动态 int8 量化</translation>
    </message>
    <message>
        <source>Each line must look like {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}.</source>
        <translation>每一行的形式必须为 {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}。</translation>
    </message>
    <message>
        <source>Each text belongs to one class: topics, intents, sentiment, spam.</source>
        <translation>每条文本属于一个类别：主题、意图、情感、垃圾信息等。</translation>
    </message>
    <message>
        <source>Empty keeps the value of the model.</source>
        <translation>留空则使用模型自身的值。</translation>
    </message>
    <message>
        <source>Empty rows</source>
        <translation>空行</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>编码</translation>
    </message>
    <message>
        <source>Epochs</source>
        <translation>训练轮数</translation>
    </message>
    <message>
        <source>Epochs without improvement before training stops; 0 never stops.</source>
        <translation>连续多少轮没有提升就停止训练；0 表示从不提前停止。</translation>
    </message>
    <message>
        <source>Every layer is trained. The most accurate choice when there are a few hundred labelled texts or more.</source>
        <translation>训练所有层。有几百条或更多标注文本时，准确率最高。</translation>
    </message>
    <message>
        <source>Expected calibration error</source>
        <translation>期望校准误差</translation>
    </message>
    <message>
        <source>Expected calibration error (lower is better)</source>
        <translation>期望校准误差（越低越好）</translation>
    </message>
    <message>
        <source>Export the model again; the file is damaged or incomplete.</source>
        <translation>请重新导出模型；文件已损坏或不完整。</translation>
    </message>
    <message>
        <source>Extra sets</source>
        <translation>额外测试集</translation>
    </message>
    <message>
        <source>Features of {count} texts were found in the cache.</source>
        <translation>在缓存中找到了 {count} 条文本的特征。</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Fill them in, or leave them out with data.empty_rows: drop.</source>
        <translation>请补全这些行，或用 data.empty_rows: drop 排除。</translation>
    </message>
    <message>
        <source>Free some memory, or install TLStudio again.</source>
        <translation>请释放一些内存，或重新安装 TLStudio。</translation>
    </message>
    <message>
        <source>Free some space or choose another folder, then start again. Nothing half-written was left.</source>
        <translation>请释放一些空间或选择其他文件夹，然后重新开始。没有留下写了一半的文件。</translation>
    </message>
    <message>
        <source>Full fine-tuning</source>
        <translation>全量微调</translation>
    </message>
    <message>
        <source>Give a test file, or a test share above 0.</source>
        <translation>请提供测试集文件，或将测试集比例设为大于 0。</translation>
    </message>
    <message>
        <source>Give every column a name of its own in the first line.</source>
        <translation>请在第一行为每一列指定各自的名称。</translation>
    </message>
    <message>
        <source>Give more of the id: {ids}.</source>
        <translation>请提供更长的编号：{ids}。</translation>
    </message>
    <message>
        <source>Gradient clip</source>
        <translation>梯度裁剪</translation>
    </message>
    <message>
        <source>Hash that model.safetensors must have.</source>
        <translation>model.safetensors 必须具有的哈希值。</translation>
    </message>
    <message>
        <source>Hidden dropout</source>
        <translation>隐藏层 dropout</translation>
    </message>
    <message>
        <source>Install TLStudio again, so that both parts have the same version.</source>
        <translation>请重新安装 TLStudio，使两部分版本一致。</translation>
    </message>
    <message>
        <source>Install TLStudio again.</source>
        <translation>请重新安装 TLStudio。</translation>
    </message>
    <message>
        <source>Its roles are: {known}.</source>
        <translation>可用的角色：{known}。</translation>
    </message>
    <message>
        <source>JSON Lines</source>
        <translation>JSON Lines</translation>
    </message>
    <message>
        <source>Kind of file; auto looks at its content.</source>
        <translation>文件类型；自动：根据内容判断。</translation>
    </message>
    <message>
        <source>Labels that differ only by case or spaces.</source>
        <translation>仅大小写或空格不同的标签。</translation>
    </message>
    <message>
        <source>Language code such as zh_CN; empty follows the system.</source>
        <translation>语言代码，例如 zh_CN；留空则跟随系统。</translation>
    </message>
    <message>
        <source>Largest class</source>
        <translation>最大类别</translation>
    </message>
    <message>
        <source>Largest gradient norm.</source>
        <translation>梯度范数的上限。</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Line {line} of {path} has {found} values where the header has {expected}: {text}</source>
        <translation>{path} 的第 {line} 行有 {found} 个值，而表头有 {expected} 个：{text}</translation>
    </message>
    <message>
        <source>Line {line} of {path} is not a JSON object: {text}</source>
        <translation>{path} 的第 {line} 行不是 JSON 对象：{text}</translation>
    </message>
    <message>
        <source>Line {line} of {path} is not valid JSON: {reason}.</source>
        <translation>{path} 的第 {line} 行不是有效的 JSON：{reason}。</translation>
    </message>
    <message>
        <source>Line {line} of {path} is not valid UTF-8, and no other encoding fits the file.</source>
        <translation>{path} 的第 {line} 行不是有效的 UTF-8，也没有其他编码适合该文件。</translation>
    </message>
    <message>
        <source>Linear probe</source>
        <translation>线性探测</translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation>对数损失</translation>
    </message>
    <message>
        <source>Log loss (lower is better)</source>
        <translation>对数损失（越低越好）</translation>
    </message>
    <message>
        <source>Lower the maximum length, or choose a model for long texts.</source>
        <translation>请降低最大长度，或选择适合长文本的模型。</translation>
    </message>
    <message>
        <source>Lower training.learning_rate, set training.precision to fp32, or lower training.gradient_clip.</source>
        <translation>请降低 training.learning_rate，将 training.precision 设为 fp32，或降低 training.gradient_clip。</translation>
    </message>
    <message>
        <source>Macro F1</source>
        <translation>宏平均 F1</translation>
    </message>
    <message>
        <source>Macro precision</source>
        <translation>宏平均精确率</translation>
    </message>
    <message>
        <source>Macro recall</source>
        <translation>宏平均召回率</translation>
    </message>
    <message>
        <source>Make them one with data.similar_labels: merge, or keep them with data.similar_labels: keep.</source>
        <translation>请用 data.similar_labels: merge 合并，或用 data.similar_labels: keep 保留。</translation>
    </message>
    <message>
        <source>Matthews correlation</source>
        <translation>Matthews 相关系数</translation>
    </message>
    <message>
        <source>Maximum length</source>
        <translation>最大长度</translation>
    </message>
    <message>
        <source>Memory is short: each batch of {batch} rows is computed in {parts} parts.</source>
        <translation>内存不足：每批 {batch} 行将分为 {parts} 份计算。</translation>
    </message>
    <message>
        <source>MiniLM L6</source>
        <translation>MiniLM L6</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>ModernBERT base</source>
        <translation>ModernBERT base</translation>
    </message>
    <message>
        <source>More labelled files, tested only.</source>
        <translation>更多标注文件，仅用于测试。</translation>
    </message>
    <message>
        <source>Multilingual E5 small</source>
        <translation>Multilingual E5 small</translation>
    </message>
    <message>
        <source>Name on the hub such as org/name, or the path of a folder.</source>
        <translation>Hub 上的名称（如 org/name），或文件夹的路径。</translation>
    </message>
    <message>
        <source>Name the folder of a finished run or of an export.</source>
        <translation>请指定已完成的运行或导出的文件夹。</translation>
    </message>
    <message>
        <source>No better {metric} for {patience} epochs: training ends early and the best weights are kept.</source>
        <translation>{metric} 已连续 {patience} 轮没有提升：训练提前结束，保留最佳权重。</translation>
    </message>
    <message>
        <source>No data is chosen.</source>
        <translation>未选择数据。</translation>
    </message>
    <message>
        <source>No finished run yet.</source>
        <translation>尚无已完成的运行。</translation>
    </message>
    <message>
        <source>No model is chosen.</source>
        <translation>未选择模型。</translation>
    </message>
    <message>
        <source>No rows are left for {split}.</source>
        <translation>{split} 数据集中没有剩余的行。</translation>
    </message>
    <message>
        <source>ONNX fp32</source>
        <translation>ONNX fp32</translation>
    </message>
    <message>
        <source>ONNX int8</source>
        <translation>ONNX int8</translation>
    </message>
    <message>
        <source>One JSON object a line; its keys are the columns.</source>
        <translation>每行一个 JSON 对象；其键即为列名。</translation>
    </message>
    <message>
        <source>Optional separate file.</source>
        <translation>可选的单独文件。</translation>
    </message>
    <message>
        <source>Passes over the training rows, at most; early stopping may end sooner.</source>
        <translation>遍历训练数据的最多次数；早停可能使训练更早结束。</translation>
    </message>
    <message>
        <source>Patience</source>
        <translation>早停耐心值</translation>
    </message>
    <message>
        <source>Peak rate, reached after the warm-up.</source>
        <translation>学习率峰值，在预热结束时达到。</translation>
    </message>
    <message>
        <source>Pooling</source>
        <translation>池化</translation>
    </message>
    <message>
        <source>Pooling &apos;{wish}&apos; is not possible with a model of type {kind}.</source>
        <translation>类型为 {kind} 的模型不支持池化方式“{wish}”。</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>数值精度</translation>
    </message>
    <message>
        <source>Processor threads; auto takes the physical cores.</source>
        <translation>处理器线程数；自动：取物理核心数。</translation>
    </message>
    <message>
        <source>Quote values that contain the delimiter, close every quotation mark, or add or remove values in this line.</source>
        <translation>请为包含分隔符的值加上引号，补全所有引号，或增减该行的值。</translation>
    </message>
    <message>
        <source>ROC AUC (one against rest)</source>
        <translation>ROC AUC（一对其余）</translation>
    </message>
    <message>
        <source>ROC AUC, one against rest</source>
        <translation>ROC AUC，一对其余</translation>
    </message>
    <message>
        <source>Rare classes</source>
        <translation>稀有类别</translation>
    </message>
    <message>
        <source>Recent English encoder; texts up to 8,192 tokens and source code.</source>
        <translation>较新的英语编码器；支持最长 8,192 个词元的文本和源代码。</translation>
    </message>
    <message>
        <source>Rehearsal: a step takes {fp32} ms in fp32 and {bf16} ms in bf16; {chosen} is used.</source>
        <translation>试跑：每步在 fp32 下耗时 {fp32} ms，在 bf16 下耗时 {bf16} ms；将使用 {chosen}。</translation>
    </message>
    <message>
        <source>Remove it, or correct its spelling.</source>
        <translation>请将其移除，或更正拼写。</translation>
    </message>
    <message>
        <source>Resamples behind each 95 % interval.</source>
        <translation>计算每个 95 % 置信区间所用的重采样次数。</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>修订版本</translation>
    </message>
    <message>
        <source>RoBERTa base</source>
        <translation>RoBERTa base</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>列角色</translation>
    </message>
    <message>
        <source>Row {row} of {path} has a text of {characters} characters; only its beginning will be read.</source>
        <translation>{path} 的第 {row} 行文本有 {characters} 个字符；只会读取开头部分。</translation>
    </message>
    <message>
        <source>Rows for each step of the optimiser.</source>
        <translation>优化器每一步使用的行数。</translation>
    </message>
    <message>
        <source>Rows without text or label: ask stops with their numbers.</source>
        <translation>没有文本或标签的行；ask：停止并列出行号。</translation>
    </message>
    <message>
        <source>Run the recipe again; the other results are still shown.</source>
        <translation>请重新运行该配方；其他结果仍会显示。</translation>
    </message>
    <message>
        <source>Runs in ONNX Runtime from Python, C++, C#, Java or JavaScript, without PyTorch, at full precision.</source>
        <translation>可在 ONNX Runtime 中通过 Python、C++、C#、Java 或 JavaScript 以全精度运行，无需 PyTorch。</translation>
    </message>
    <message>
        <source>SHA-256</source>
        <translation>SHA-256</translation>
    </message>
    <message>
        <source>Safetensors (transformers)</source>
        <translation>Safetensors (transformers)</translation>
    </message>
    <message>
        <source>Save it as CSV, TSV or JSON Lines.</source>
        <translation>请将其另存为 CSV、TSV 或 JSON Lines。</translation>
    </message>
    <message>
        <source>Save the file as UTF-8, or say which encoding it has (data.encoding).</source>
        <translation>请将文件另存为 UTF-8，或指明其编码（data.encoding）。</translation>
    </message>
    <message>
        <source>Save the table as CSV, TSV or JSON Lines in UTF-8, and choose that file.</source>
        <translation>请将表格另存为 UTF-8 编码的 CSV、TSV 或 JSON Lines，然后选择该文件。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Seed of weights, order and dropout.</source>
        <translation>用于权重、数据顺序和 dropout 的随机种子。</translation>
    </message>
    <message>
        <source>Set strategy.pooling to auto.</source>
        <translation>请将 strategy.pooling 设为 auto。</translation>
    </message>
    <message>
        <source>Set training.device to auto or cpu; &apos;tlstudio doctor&apos; lists the devices.</source>
        <translation>请将 training.device 设为 auto 或 cpu；“tlstudio doctor”可列出可用设备。</translation>
    </message>
    <message>
        <source>Share of rows kept for the final test.</source>
        <translation>留作最终测试的行所占的比例。</translation>
    </message>
    <message>
        <source>Share of the other rows used to choose the best epoch.</source>
        <translation>从其余行中划出、用于选择最佳轮次的比例。</translation>
    </message>
    <message>
        <source>Share of the steps in which the rate rises linearly.</source>
        <translation>学习率线性上升的步数所占的比例。</translation>
    </message>
    <message>
        <source>Shorten it, or check for a quotation mark that is never closed.</source>
        <translation>请缩短该行，或检查是否有未闭合的引号。</translation>
    </message>
    <message>
        <source>Similar labels</source>
        <translation>相似标签</translation>
    </message>
    <message>
        <source>Small and quick; a good first choice for English sentences and short texts.</source>
        <translation>小而快；英语句子和短文本的首选。</translation>
    </message>
    <message>
        <source>Small and quick; sentence embeddings for Chinese.</source>
        <translation>小而快；中文句子嵌入。</translation>
    </message>
    <message>
        <source>Something went wrong inside TLStudio: {kind}: {reason}</source>
        <translation>TLStudio 内部出错：{kind}：{reason}</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Split seed</source>
        <translation>划分种子</translation>
    </message>
    <message>
        <source>Start again.</source>
        <translation>请重新开始。</translation>
    </message>
    <message>
        <source>Start again. If it happens again, run &apos;tlstudio doctor&apos; and report the log.</source>
        <translation>请重新开始。如果问题再次出现，请运行“tlstudio doctor”并提交日志。</translation>
    </message>
    <message>
        <source>Start again; what the run had saved is kept in its folder.</source>
        <translation>请重新开始；本次运行已保存的内容保留在其文件夹中。</translation>
    </message>
    <message>
        <source>Start from &apos;tlstudio init&apos; or save a recipe from the window.</source>
        <translation>请从“tlstudio init”开始，或在窗口中保存配方。</translation>
    </message>
    <message>
        <source>Start training, or open an earlier run.</source>
        <translation>请开始训练，或打开较早的运行。</translation>
    </message>
    <message>
        <source>Stop or cancel it first, then delete it.</source>
        <translation>请先停止或取消该运行，然后再删除。</translation>
    </message>
    <message>
        <source>Stopped at step {step} on your wish; the best weights are kept.</source>
        <translation>已按您的要求在第 {step} 步停止；最佳权重已保留。</translation>
    </message>
    <message>
        <source>Test accuracy {value} % (95 % interval {low} to {high} %) on {rows} texts; bag of words: {baseline} %.</source>
        <translation>在 {rows} 条文本上的测试准确率为 {value} %（95 % 置信区间 {low} 至 {high} %）；词袋模型：{baseline} %。</translation>
    </message>
    <message>
        <source>Test file</source>
        <translation>测试集文件</translation>
    </message>
    <message>
        <source>Test share</source>
        <translation>测试集比例</translation>
    </message>
    <message>
        <source>Text and label are the same column, &apos;{name}&apos;.</source>
        <translation>文本列和标签列是同一列“{name}”。</translation>
    </message>
    <message>
        <source>Text classification</source>
        <translation>文本分类</translation>
    </message>
    <message>
        <source>Text encoding, such as utf-8, cp1252 or gb18030.</source>
        <translation>文本编码，例如 utf-8、cp1252 或 gb18030。</translation>
    </message>
    <message>
        <source>The backbone stays as it is and runs once; only the head is trained on its features, in seconds. Good for a first answer and for small data.</source>
        <translation>骨干网络保持不变，只运行一次；仅用其特征训练分类头，几秒即可完成。适合快速得到初步结果，也适合小数据集。</translation>
    </message>
    <message>
        <source>The classic baseline for English.</source>
        <translation>英语任务的经典基线。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has only one label: &apos;{label}&apos;.</source>
        <translation>列“{column}”只有一个标签：“{label}”。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has {count} different labels in {rows} rows: it does not look like classes.</source>
        <translation>列“{column}”在 {rows} 行中有 {count} 个不同的标签：看起来不像类别。</translation>
    </message>
    <message>
        <source>The computer ran out of memory, so the system ended the worker.</source>
        <translation>电脑内存耗尽，系统结束了工作进程。</translation>
    </message>
    <message>
        <source>The delimiter must be one character, not {value}.</source>
        <translation>分隔符必须是单个字符，不能是 {value}。</translation>
    </message>
    <message>
        <source>The disk is full: {path} could not be written.</source>
        <translation>磁盘已满：无法写入 {path}。</translation>
    </message>
    <message>
        <source>The export &apos;{export}&apos; needs the compression step &apos;{step}&apos;, which this recipe does not have.</source>
        <translation>导出“{export}”需要压缩步骤“{step}”，但此配方中没有该步骤。</translation>
    </message>
    <message>
        <source>The exported model answers like the trained one: over {rows} texts no score differs by more than {difference}.</source>
        <translation>导出的模型与训练好的模型结果一致：{rows} 条文本的得分差异均不超过 {difference}。</translation>
    </message>
    <message>
        <source>The exported model could not be used in a fresh process: {reason}</source>
        <translation>导出的模型无法在新进程中使用：{reason}</translation>
    </message>
    <message>
        <source>The exported model differs from the trained one: over {rows} texts a score differs by {difference}, and {tolerance} is allowed.</source>
        <translation>导出的模型与训练好的模型不一致：{rows} 条文本中有得分相差 {difference}，而允许的上限为 {tolerance}。</translation>
    </message>
    <message>
        <source>The exported model gives the trained model&apos;s label for only {agreement} of {rows} texts; {tolerance} is expected.</source>
        <translation>在 {rows} 条文本中，导出的模型仅有 {agreement} 与训练好的模型标签一致；应达到 {tolerance}。</translation>
    </message>
    <message>
        <source>The exported model gives the trained model&apos;s label for {agreement} of {rows} texts.</source>
        <translation>在 {rows} 条文本中，导出的模型有 {agreement} 与训练好的模型标签一致。</translation>
    </message>
    <message>
        <source>The exported model was not compared with the trained one: there are no test rows.</source>
        <translation>导出的模型未与训练好的模型对比：没有测试行。</translation>
    </message>
    <message>
        <source>The file has no column left for the {role}.</source>
        <translation>文件中没有剩余的列可用作 {role}。</translation>
    </message>
    <message>
        <source>The file is damaged; restore it from its source.</source>
        <translation>文件已损坏；请从来源恢复。</translation>
    </message>
    <message>
        <source>The label &apos;{label}&apos; occurs in the {split} rows but in no training row.</source>
        <translation>标签“{label}”出现在 {split} 数据中，但没有出现在任何训练行中。</translation>
    </message>
    <message>
        <source>The labelled file; training rows if other files are given.</source>
        <translation>标注文件；如果另外提供了其他文件，则全部用作训练数据。</translation>
    </message>
    <message>
        <source>The labels &apos;{one}&apos; and &apos;{other}&apos; differ only by case or spaces ({count} such labels).</source>
        <translation>标签“{one}”与“{other}”仅大小写或空格不同（此类标签共 {count} 个）。</translation>
    </message>
    <message>
        <source>The log of the run has the details; please report it with them.</source>
        <translation>运行日志中有详细信息；报告问题时请一并附上。</translation>
    </message>
    <message>
        <source>The loss became not-a-number at step {step}; training ends here.</source>
        <translation>损失在第 {step} 步变为非数值（NaN）；训练到此结束。</translation>
    </message>
    <message>
        <source>The loss is not a number any more (step {step}).</source>
        <translation>损失已不是有效数值（第 {step} 步）。</translation>
    </message>
    <message>
        <source>The model gave no finite scores for {count} of {rows} test rows, the first being row {row}.</source>
        <translation>模型对 {rows} 条测试行中的 {count} 条没有给出有限的得分，首先出现在第 {row} 行。</translation>
    </message>
    <message>
        <source>The model in {path} cannot be loaded: {reason}</source>
        <translation>无法加载 {path} 中的模型：{reason}</translation>
    </message>
    <message>
        <source>The model reads at most {limit} tokens, not {wish}.</source>
        <translation>模型最多读取 {limit} 个词元，而不是 {wish} 个。</translation>
    </message>
    <message>
        <source>The old file is kept as {path}.</source>
        <translation>旧文件保留为 {path}。</translation>
    </message>
    <message>
        <source>The preview of {path} cannot be read.</source>
        <translation>无法读取 {path} 的预览。</translation>
    </message>
    <message>
        <source>The program&apos;s own file {name} is missing.</source>
        <translation>缺少程序自带的文件 {name}。</translation>
    </message>
    <message>
        <source>The recipe has schema {found}; this version reads schema {known}.</source>
        <translation>配方的格式版本为 {found}；本程序版本可读取格式版本 {known}。</translation>
    </message>
    <message>
        <source>The recipe is not a mapping of fields.</source>
        <translation>配方不是由字段组成的映射。</translation>
    </message>
    <message>
        <source>The run {run} has no trained model.</source>
        <translation>运行 {run} 没有训练好的模型。</translation>
    </message>
    <message>
        <source>The run {run} is going on.</source>
        <translation>运行 {run} 正在进行中。</translation>
    </message>
    <message>
        <source>The settings file could not be read; the program starts with its defaults.</source>
        <translation>无法读取设置文件；程序以默认设置启动。</translation>
    </message>
    <message>
        <source>The step &apos;{name}&apos; cannot follow here: it takes a {takes} model, and the step before gives {given}.</source>
        <translation>步骤“{name}”不能放在此处：它需要 {takes} 模型，而前一步给出的是 {given}。</translation>
    </message>
    <message>
        <source>The tokenizer in {path} cannot be read: {reason}</source>
        <translation>无法读取 {path} 中的分词器：{reason}</translation>
    </message>
    <message>
        <source>The worker knows no job &apos;{name}&apos;.</source>
        <translation>工作进程不认识任务“{name}”。</translation>
    </message>
    <message>
        <source>The worker process could not be started: {reason}.</source>
        <translation>无法启动工作进程：{reason}。</translation>
    </message>
    <message>
        <source>The worker speaks protocol {found}; this window speaks {known}.</source>
        <translation>工作进程使用协议 {found}；此窗口使用协议 {known}。</translation>
    </message>
    <message>
        <source>The worker stopped unexpectedly (exit code {exit}).</source>
        <translation>工作进程意外停止（退出代码 {exit}）。</translation>
    </message>
    <message>
        <source>The worker stopped unexpectedly.</source>
        <translation>工作进程意外停止。</translation>
    </message>
    <message>
        <source>The worker was ended from outside (exit code {exit}).</source>
        <translation>工作进程被外部结束（退出代码 {exit}）。</translation>
    </message>
    <message>
        <source>There are no rows to test on.</source>
        <translation>没有可用于测试的行。</translation>
    </message>
    <message>
        <source>There is no column &apos;{name}&apos; for the {role}; the file {path} has: {known}.</source>
        <translation>没有可用作 {role} 的列“{name}”；文件 {path} 中的列：{known}。</translation>
    </message>
    <message>
        <source>There is no model folder {path}.</source>
        <translation>模型文件夹 {path} 不存在。</translation>
    </message>
    <message>
        <source>There is no role &apos;{role}&apos; in this task.</source>
        <translation>此任务中没有角色“{role}”。</translation>
    </message>
    <message>
        <source>There is no run &apos;{run}&apos; in {folder}.</source>
        <translation>{folder} 中没有运行“{run}”。</translation>
    </message>
    <message>
        <source>There is no text encoding called {name}.</source>
        <translation>没有名为 {name} 的文本编码。</translation>
    </message>
    <message>
        <source>There is no trained model in {path}.</source>
        <translation>{path} 中没有训练好的模型。</translation>
    </message>
    <message>
        <source>There is not enough memory for this model.</source>
        <translation>内存不足以运行此模型。</translation>
    </message>
    <message>
        <source>There is not enough memory.</source>
        <translation>内存不足。</translation>
    </message>
    <message>
        <source>This machine has no usable {device} device.</source>
        <translation>本机没有可用的 {device} 设备。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Tokens that are read of each text; auto takes 128, or less if the model allows less.</source>
        <translation>每条文本读取的词元数；自动：取 128，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Train again with a lower learning rate or in fp32 precision.</source>
        <translation>请用更低的学习率或 fp32 精度重新训练。</translation>
    </message>
    <message>
        <source>Training will take about {minutes} minutes at most and {memory} GB of memory.</source>
        <translation>训练最多约需 {minutes} 分钟和 {memory} GB 内存。</translation>
    </message>
    <message>
        <source>Two thirds of BERT&apos;s size at nearly its accuracy; well documented everywhere.</source>
        <translation>大小为 BERT 的三分之二，准确率相近；文档资料丰富。</translation>
    </message>
    <message>
        <source>Update TLStudio, or save the recipe again with this version.</source>
        <translation>请更新 TLStudio，或用此版本重新保存配方。</translation>
    </message>
    <message>
        <source>Update TLStudio.</source>
        <translation>请更新 TLStudio。</translation>
    </message>
    <message>
        <source>Use , ; | or tab.</source>
        <translation>请使用 , ; | 或制表符。</translation>
    </message>
    <message>
        <source>Use utf-8, cp1252, gb18030 or another name that Python knows.</source>
        <translation>请使用 utf-8、cp1252、gb18030 或 Python 认识的其他名称。</translation>
    </message>
    <message>
        <source>Usually more accurate than BERT base at the same size; case-sensitive.</source>
        <translation>大小与 BERT base 相同，准确率通常更高；区分大小写。</translation>
    </message>
    <message>
        <source>Validation file</source>
        <translation>验证集文件</translation>
    </message>
    <message>
        <source>Validation metric that decides which weights are kept.</source>
        <translation>决定保留哪些权重的验证集指标。</translation>
    </message>
    <message>
        <source>Validation share</source>
        <translation>验证集比例</translation>
    </message>
    <message>
        <source>Wait a second, then start again.</source>
        <translation>请稍等片刻，然后重新开始。</translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation>预热</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>权重衰减</translation>
    </message>
    <message>
        <source>Weighted F1</source>
        <translation>加权 F1</translation>
    </message>
    <message>
        <source>Weighted precision</source>
        <translation>加权精确率</translation>
    </message>
    <message>
        <source>Weighted recall</source>
        <translation>加权召回率</translation>
    </message>
    <message>
        <source>Weights as 8-bit integers: about a quarter of the size and faster on a CPU, at a small loss of accuracy.</source>
        <translation>权重变为 8 位整数：体积约为四分之一，在 CPU 上更快，准确率略有损失。</translation>
    </message>
    <message>
        <source>Weights as safetensors with config and tokenizer. For Python programs, further training and the hub.</source>
        <translation>safetensors 格式的权重，附带配置和分词器。适用于 Python 程序、继续训练和上传 Hub。</translation>
    </message>
    <message>
        <source>What the head reads: the mean over all tokens, or the first or last token. Auto takes the mean where the architecture allows it, else the token that its head uses.</source>
        <translation>分类头读取的内容：所有词元的均值，或第一个、最后一个词元。自动：架构允许时取均值，否则取其分类头使用的词元。</translation>
    </message>
    <message>
        <source>Where run folders are made; empty takes the default.</source>
        <translation>存放运行文件夹的位置；留空则使用默认位置。</translation>
    </message>
    <message>
        <source>Which column is the text and which the label.</source>
        <translation>哪一列是文本，哪一列是标签。</translation>
    </message>
    <message>
        <source>Window geometry as base64.</source>
        <translation>窗口几何信息（base64）。</translation>
    </message>
    <message>
        <source>XLM-RoBERTa base</source>
        <translation>XLM-RoBERTa base</translation>
    </message>
    <message>
        <source>a PDF document</source>
        <translation>PDF 文档</translation>
    </message>
    <message>
        <source>a Parquet file</source>
        <translation>Parquet 文件</translation>
    </message>
    <message>
        <source>a compressed (gz) file</source>
        <translation>压缩（gz）文件</translation>
    </message>
    <message>
        <source>a database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>a picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>a zip archive or an Excel workbook</source>
        <translation>zip 压缩包或 Excel 工作簿</translation>
    </message>
    <message>
        <source>an old Excel or Word document</source>
        <translation>旧版 Excel 或 Word 文档</translation>
    </message>
    <message>
        <source>chosen by you</source>
        <translation>由您选择</translation>
    </message>
    <message>
        <source>it has few different values</source>
        <translation>该列不同的值很少</translation>
    </message>
    <message>
        <source>it has the longest texts</source>
        <translation>该列的文本最长</translation>
    </message>
    <message>
        <source>its name says so</source>
        <translation>由列名判断</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>{count} classes have a single example, such as &apos;{label}&apos;: they cannot be both learnt and tested.</source>
        <translation>有 {count} 个类别只有一个样本，例如“{label}”：无法同时用于训练和测试。</translation>
    </message>
    <message>
        <source>{count} rows of {path} have no text or no label, first in row {row}.</source>
        <translation>{path} 中有 {count} 行没有文本或标签，首先出现在第 {row} 行。</translation>
    </message>
    <message>
        <source>{field} is missing.</source>
        <translation>缺少 {field}。</translation>
    </message>
    <message>
        <source>{field}: there is no &apos;{name}&apos;.</source>
        <translation>{field}：没有“{name}”。</translation>
    </message>
    <message>
        <source>{field}: there is no such field.</source>
        <translation>{field}：没有这个字段。</translation>
    </message>
    <message>
        <source>{field}: {value} is not allowed: {reason}.</source>
        <translation>{field}：不允许的值 {value}：{reason}。</translation>
    </message>
    <message>
        <source>{host} has no model (or revision) called {name}.</source>
        <translation>{host} 上没有名为 {name} 的模型（或修订版本）。</translation>
    </message>
    <message>
        <source>{name} could not be downloaded from {host}: {reason}</source>
        <translation>无法从 {host} 下载 {name}：{reason}</translation>
    </message>
    <message>
        <source>{name} has no weights in safetensors format.</source>
        <translation>{name} 没有 safetensors 格式的权重。</translation>
    </message>
    <message>
        <source>{name} is not on this machine.</source>
        <translation>{name} 不在本机上。</translation>
    </message>
    <message>
        <source>{name} may only be downloaded after accepting its terms on {host}.</source>
        <translation>必须先在 {host} 上接受条款，才能下载 {name}。</translation>
    </message>
    <message>
        <source>{path} cannot be loaded by ONNX Runtime: {reason}</source>
        <translation>ONNX Runtime 无法加载 {path}：{reason}</translation>
    </message>
    <message>
        <source>{path} cannot be read or written: permission denied or a read-only folder.</source>
        <translation>无法读写 {path}：没有权限，或文件夹为只读。</translation>
    </message>
    <message>
        <source>{path} cannot be read: {reason}.</source>
        <translation>无法读取 {path}：{reason}。</translation>
    </message>
    <message>
        <source>{path} could not be read after row {row}: {reason}</source>
        <translation>{path} 在第 {row} 行之后无法读取：{reason}</translation>
    </message>
    <message>
        <source>{path} could not be read or written: {reason}.</source>
        <translation>无法读写 {path}：{reason}。</translation>
    </message>
    <message>
        <source>{path} does not exist.</source>
        <translation>{path} 不存在。</translation>
    </message>
    <message>
        <source>{path} does not say which architecture the model has (model_type).</source>
        <translation>{path} 没有说明模型的架构（model_type）。</translation>
    </message>
    <message>
        <source>{path} exists already.</source>
        <translation>{path} 已存在。</translation>
    </message>
    <message>
        <source>{path} has no config.json.</source>
        <translation>{path} 中没有 config.json。</translation>
    </message>
    <message>
        <source>{path} has no rows below its header.</source>
        <translation>{path} 的表头下方没有数据行。</translation>
    </message>
    <message>
        <source>{path} has no tokenizer (tokenizer.json or a vocabulary).</source>
        <translation>{path} 中没有分词器（tokenizer.json 或词表）。</translation>
    </message>
    <message>
        <source>{path} has no {name}.</source>
        <translation>{path} 中没有 {name}。</translation>
    </message>
    <message>
        <source>{path} has the label &apos;{label}&apos;, which the model was not trained on.</source>
        <translation>{path} 中有标签“{label}”，但模型训练时没有该标签。</translation>
    </message>
    <message>
        <source>{path} has {count} columns called &apos;{name}&apos;.</source>
        <translation>{path} 中有 {count} 列名为“{name}”。</translation>
    </message>
    <message>
        <source>{path} holds its weights as a pickle, which can run any code when it is opened.</source>
        <translation>{path} 的权重为 pickle 格式，打开时可能运行任意代码。</translation>
    </message>
    <message>
        <source>{path} holds no class names: it is not a trained classifier.</source>
        <translation>{path} 中没有类别名称：它不是训练好的分类器。</translation>
    </message>
    <message>
        <source>{path} is a folder, not a labelled file.</source>
        <translation>{path} 是文件夹，不是标注文件。</translation>
    </message>
    <message>
        <source>{path} is damaged or incomplete: {reason}.</source>
        <translation>{path} 已损坏或不完整：{reason}。</translation>
    </message>
    <message>
        <source>{path} is empty.</source>
        <translation>{path} 是空文件。</translation>
    </message>
    <message>
        <source>{path} is in none of the known formats ({known}).</source>
        <translation>{path} 不属于任何已知格式（{known}）。</translation>
    </message>
    <message>
        <source>{path} is not a text file: it looks like {kind}.</source>
        <translation>{path} 不是文本文件：看起来是 {kind}。</translation>
    </message>
    <message>
        <source>{path} is not the expected file: its SHA-256 is {found}, expected {expected}.</source>
        <translation>{path} 不是预期的文件：其 SHA-256 为 {found}，应为 {expected}。</translation>
    </message>
    <message>
        <source>{path} is not the folder of a model: it has no config.json.</source>
        <translation>{path} 不是模型文件夹：其中没有 config.json。</translation>
    </message>
    <message>
        <source>{path} is not valid JSON: {reason} in line {line}.</source>
        <translation>{path} 不是有效的 JSON：第 {line} 行，{reason}。</translation>
    </message>
    <message>
        <source>{path} is not valid YAML: {reason} in line {line}.</source>
        <translation>{path} 不是有效的 YAML：第 {line} 行，{reason}。</translation>
    </message>
    <message>
        <source>{path} is not {encoding} text.</source>
        <translation>{path} 不是 {encoding} 编码的文本。</translation>
    </message>
    <message>
        <source>{path} is too large for a recipe.</source>
        <translation>{path} 太大，不可能是配方。</translation>
    </message>
    <message>
        <source>{path} names the architecture &apos;{kind}&apos;, which the installed transformers does not know.</source>
        <translation>{path} 使用架构“{kind}”，但已安装的 transformers 不支持该架构。</translation>
    </message>
    <message>
        <source>{texts} texts ({percent} %) are longer than {max_length} tokens and were cut; {tokens_lost} tokens are lost.</source>
        <translation>{texts} 条文本（{percent} %）超过 {max_length} 个词元，已被截断；共丢失 {tokens_lost} 个词元。</translation>
    </message>
    <message>
        <source>{train} texts to train on, {test} to test with, {classes} classes.</source>
        <translation>训练文本 {train} 条，测试文本 {test} 条，{classes} 个类别。</translation>
    </message>
</context>
<context>
    <name>formats</name>
    <message>
        <source>{s} s</source>
        <translation>{s} 秒</translation>
    </message>
    <message>
        <source>{m} min {s:02d} s</source>
        <translation>{m} 分 {s:02d} 秒</translation>
    </message>
    <message>
        <source>{h} h {m:02d} min</source>
        <translation>{h} 小时 {m:02d} 分</translation>
    </message>
</context>
<context>
    <name>metrics</name>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
    </message>
    <message>
        <source>Precision, mean of classes</source>
        <translation>精确率（各类别平均）</translation>
    </message>
    <message>
        <source>Recall, mean of classes</source>
        <translation>召回率（各类别平均）</translation>
    </message>
    <message>
        <source>F1, mean of classes</source>
        <translation>F1（各类别平均）</translation>
    </message>
    <message>
        <source>Precision, weighted by class size</source>
        <translation>精确率（按类别大小加权）</translation>
    </message>
    <message>
        <source>Recall, weighted by class size</source>
        <translation>召回率（按类别大小加权）</translation>
    </message>
    <message>
        <source>F1, weighted by class size</source>
        <translation>F1（按类别大小加权）</translation>
    </message>
    <message>
        <source>Matthews correlation</source>
        <translation>Matthews 相关系数</translation>
    </message>
    <message>
        <source>ROC AUC, one against rest</source>
        <translation>ROC AUC，一对其余</translation>
    </message>
    <message>
        <source>Log loss</source>
        <translation>对数损失</translation>
    </message>
    <message>
        <source>Calibration error (ECE)</source>
        <translation>校准误差（ECE）</translation>
    </message>
    <message>
        <source>Share of texts with the right label</source>
        <translation>标签正确的文本所占的比例</translation>
    </message>
    <message>
        <source>Of the texts given a label, the share that has it; all classes count alike</source>
        <translation>被判为某标签的文本中真正属于该标签的比例；各类别同等计算</translation>
    </message>
    <message>
        <source>Of the texts with a label, the share that was found; all classes count alike</source>
        <translation>属于某标签的文本中被找出的比例；各类别同等计算</translation>
    </message>
    <message>
        <source>Precision and recall in one number; all classes count alike</source>
        <translation>将精确率与召回率合为一个数；各类别同等计算</translation>
    </message>
    <message>
        <source>Precision, where large classes count more</source>
        <translation>精确率，较大的类别权重更高</translation>
    </message>
    <message>
        <source>Recall, where large classes count more</source>
        <translation>召回率，较大的类别权重更高</translation>
    </message>
    <message>
        <source>F1, where large classes count more</source>
        <translation>F1，较大的类别权重更高</translation>
    </message>
    <message>
        <source>1 is perfect, 0 is chance; robust when classes differ in size</source>
        <translation>1 为完美，0 为随机；类别大小不均时依然稳健</translation>
    </message>
    <message>
        <source>How well the probabilities order the texts; 50 % is chance</source>
        <translation>概率对文本排序的好坏；50 % 为随机水平</translation>
    </message>
    <message>
        <source>Penalises confident errors; smaller is better</source>
        <translation>对自信的错误施加惩罚；越小越好</translation>
    </message>
    <message>
        <source>How far confidence is from being right; smaller is better</source>
        <translation>置信度与实际正确率的偏差；越小越好</translation>
    </message>
</context>
<context>
    <name>outcome</name>
    <message>
        <source>Finished in {time}.</source>
        <translation>已完成，用时 {time}。</translation>
    </message>
    <message>
        <source>Stopped after {time}; the best weights were kept.</source>
        <translation>已在 {time} 后停止；最佳权重已保留。</translation>
    </message>
    <message>
        <source>Cancelled after {time}.</source>
        <translation>已在 {time} 后取消。</translation>
    </message>
</context>
<context>
    <name>plan</name>
    <message>
        <source>No model chosen yet</source>
        <translation>尚未选择模型</translation>
    </message>
    <message>
        <source>{n} parameters, {size}</source>
        <translation>{n} 参数，{size}</translation>
    </message>
    <message>
        <source>No data chosen yet</source>
        <translation>尚未选择数据</translation>
    </message>
    <message>
        <source>Reading the data…</source>
        <translation>正在读取数据…</translation>
    </message>
    <message>
        <source>{rows} texts, {classes} labels</source>
        <translation>{rows} 条文本，{classes} 个标签</translation>
    </message>
    <message>
        <source>number of epochs chosen automatically</source>
        <translation>自动选择轮数</translation>
    </message>
    <message>
        <source>at most {n} epochs</source>
        <translation>最多 {n} 轮</translation>
    </message>
    <message>
        <source>trains {part} of {all} parameters</source>
        <translation>{all} 参数中训练 {part}</translation>
    </message>
    <message>
        <source>the best epoch is kept</source>
        <translation>保留最佳轮次</translation>
    </message>
    <message>
        <source>No compression</source>
        <translation>不压缩</translation>
    </message>
    <message>
        <source>size, speed and accuracy are measured before and after</source>
        <translation>前后分别测量大小、速度和准确率</translation>
    </message>
    <message>
        <source>Then {steps}</source>
        <translation>然后：{steps}</translation>
    </message>
    <message>
        <source>No export</source>
        <translation>不导出</translation>
    </message>
    <message>
        <source>each file is loaded again and compared</source>
        <translation>每个文件都会重新加载并对比</translation>
    </message>
    <message>
        <source>Export as {formats}</source>
        <translation>导出为 {formats}</translation>
    </message>
    <message>
        <source>About {time}, {memory} of memory (measured on this computer)</source>
        <translation>约需 {time}、{memory} 内存（在这台电脑上测得）</translation>
    </message>
</context>
<context>
    <name>samples</name>
    <message>
        <source>Row</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>True</source>
        <translation>真实标签</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>预测标签</translation>
    </message>
    <message>
        <source>Confidence</source>
        <translation>置信度</translation>
    </message>
</context>
<context>
    <name>words</name>
    <message>
        <source>{n} languages</source>
        <translation>{n} 种语言</translation>
    </message>
    <message>
        <source>English</source>
        <translation>英语</translation>
    </message>
    <message>
        <source>Chinese</source>
        <translation>中文</translation>
    </message>
    <message>
        <source>German</source>
        <translation>德语</translation>
    </message>
    <message>
        <source>many languages</source>
        <translation>多种语言</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Compress</source>
        <translation>压缩</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Results</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行记录</translation>
    </message>
    <message>
        <source>Preparing the data</source>
        <translation>准备数据</translation>
    </message>
    <message>
        <source>Tokenising</source>
        <translation>分词</translation>
    </message>
    <message>
        <source>Rehearsing a few steps</source>
        <translation>试跑几步</translation>
    </message>
    <message>
        <source>Computing features</source>
        <translation>计算特征</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Evaluating</source>
        <translation>评估</translation>
    </message>
    <message>
        <source>Compressing</source>
        <translation>压缩</translation>
    </message>
    <message>
        <source>Exporting</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>生成报告</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Reading the data</source>
        <translation>正在读取数据</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>验证</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>not ready</source>
        <translation>未就绪</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>已就绪</translation>
    </message>
    <message>
        <source>done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>running</source>
        <translation>运行中</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>{done} of {total} {unit}</source>
        <translation>{done} / {total} {unit}</translation>
    </message>
    <message>
        <source>texts</source>
        <translation>条文本</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>steps</source>
        <translation>步</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>{names}, {next}</source>
        <translation>{names}、{next}</translation>
    </message>
    <message>
        <source>{clause}, {next}</source>
        <translation>{clause}，{next}</translation>
    </message>
</context>
</TS>
