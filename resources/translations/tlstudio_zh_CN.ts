<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AblationView</name>
    <message>
        <source>Runs the recipe as it is and without parts of it, or with other values, and compares them on the test rows: what does each part bring? The runs stay under Runs.</source>
        <translation>分别运行当前配方，以及去掉其中某些部分或改用其他值的配方，并在测试行上对比：每个部分带来了什么？这些运行保留在“运行记录”中。</translation>
    </message>
    <message>
        <source>The recipe has nothing that could be left out.</source>
        <translation>该配方中没有可省略的内容。</translation>
    </message>
    <message>
        <source>Compare values of a field</source>
        <translation>对比某个字段的不同值</translation>
    </message>
    <message>
        <source>Seeds</source>
        <translation>随机种子数</translation>
    </message>
    <message>
        <source>Trainings of each, with other seeds: more tell chance from effect better.</source>
        <translation>每个变体以不同随机种子训练的次数：次数越多，越能区分偶然与实际效果。</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation>消融实验</translation>
    </message>
    <message>
        <source>Ends after this batch; the runs that are complete are compared</source>
        <translation>在当前批次后结束；对比已完成的运行</translation>
    </message>
    <message>
        <source>Ends at once; the runs that are complete stay under Runs</source>
        <translation>立即结束；已完成的运行保留在“运行记录”中</translation>
    </message>
    <message>
        <source>Differences</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Points to the recipe as it is</source>
        <translation>相对当前配方的百分点</translation>
    </message>
    <message>
        <source>Variants</source>
        <translation>变体</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Leave out {part}</source>
        <translation>去掉“{part}”</translation>
    </message>
</context>
<context>
    <name>Amount</name>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
</context>
<context>
    <name>AnswerView</name>
    <message>
        <source>No label reaches its threshold.</source>
        <translation>没有标签达到其阈值。</translation>
    </message>
    <message>
        <source>A label is given where its bar reaches the line, which is its threshold.</source>
        <translation>条形达到竖线（即该标签的阈值）时，就会给出该标签。</translation>
    </message>
    <message>
        <source>Nothing was found in this text.</source>
        <translation>在这段文本中没有找到任何内容。</translation>
    </message>
    <message>
        <source>No answer in the text · {chance}</source>
        <translation>文本中没有答案 · {chance}</translation>
    </message>
    <message>
        <source>{n} words</source>
        <translation>{n} 个词</translation>
    </message>
    <message>
        <source>The model wrote nothing.</source>
        <translation>模型没有写出任何内容。</translation>
    </message>
    <message>
        <source>Hidden word {n}</source>
        <translation>第 {n} 个隐藏的词</translation>
    </message>
    <message>
        <source>Nothing is hidden: write [MASK] where the model shall guess.</source>
        <translation>没有隐藏的词：请在需要模型猜测的位置写上 [MASK]。</translation>
    </message>
    <message>
        <source>{n} found: {boxes}</source>
        <translation>找到 {n} 个：{boxes}</translation>
    </message>
    <message>
        <source>Nothing was found in this image.</source>
        <translation>在这张图像中没有找到任何内容。</translation>
    </message>
    <message>
        <source>Similarity</source>
        <translation>相似度</translation>
    </message>
    <message>
        <source>The cosine of the two texts: 1 means the same, 0 unrelated.</source>
        <translation>两条文本的余弦相似度：1 表示意思相同，0 表示无关。</translation>
    </message>
    <message>
        <source>{n} numbers, length {length}</source>
        <translation>{n} 个数值，长度 {length}</translation>
    </message>
</context>
<context>
    <name>AudioInput</name>
    <message>
        <source>Drop a recording here (WAV or FLAC), or choose a file</source>
        <translation>将录音（WAV 或 FLAC）拖放到此处，或选择文件</translation>
    </message>
</context>
<context>
    <name>AugmentCard</name>
    <message>
        <source>Earlier</source>
        <translation>前移</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>后移</translation>
    </message>
</context>
<context>
    <name>AugmentPresenter</name>
    <message>
        <source>The example was cancelled.</source>
        <translation>示例已取消。</translation>
    </message>
    <message>
        <source>Tick an augmentation to see what it makes of your rows.</source>
        <translation>勾选一项增强，即可查看它对数据行的效果。</translation>
    </message>
    <message>
        <source>Some training rows as they are and as the model will see them.</source>
        <translation>部分训练行的原样，以及模型将看到的样子。</translation>
    </message>
    <message>
        <source>Whether it fits is known when the data is read.</source>
        <translation>读取数据后才能确定是否适用。</translation>
    </message>
    <message>
        <source>For texts; this data has none.</source>
        <translation>适用于文本；当前数据不含文本。</translation>
    </message>
    <message>
        <source>For images; this data has none.</source>
        <translation>适用于图像；当前数据不含图像。</translation>
    </message>
    <message>
        <source>For images with one label each; this data has no label column.</source>
        <translation>适用于每张图像只有一个标签的数据；当前数据没有标签列。</translation>
    </message>
    <message>
        <source>For data with one label in each row.</source>
        <translation>适用于每行只有一个标签的数据。</translation>
    </message>
    <message>
        <source>There is no training row to show.</source>
        <translation>没有可显示的训练行。</translation>
    </message>
    <message>
        <source>Choose an augmentation first.</source>
        <translation>请先选择一项增强。</translation>
    </message>
    <message>
        <source>Takes twice the time of one run.</source>
        <translation>耗时为单次运行的两倍。</translation>
    </message>
    <message>
        <source>About {time} for both runs (measured on this computer).</source>
        <translation>两次运行共约需 {time}（在这台电脑上测得）。</translation>
    </message>
</context>
<context>
    <name>AugmentView</name>
    <message>
        <source>Only training rows are changed; validation and test rows always stay as they are.</source>
        <translation>只会更改训练行；验证行和测试行始终保持原样。</translation>
    </message>
    <message>
        <source>Draw every class equally often</source>
        <translation>各类别等频抽样</translation>
    </message>
    <message>
        <source>Rows of rare classes are seen more often in training. For data where some classes are rare.</source>
        <translation>训练时会更频繁地用到稀有类别的行。适用于某些类别较稀有的数据。</translation>
    </message>
    <message>
        <source>Before and after</source>
        <translation>前后对比</translation>
    </message>
    <message>
        <source>Trains twice with the same split and seed, without and with it, and compares both results.</source>
        <translation>以相同的划分和随机种子训练两次，一次不使用、一次使用，并对比两次的结果。</translation>
    </message>
    <message>
        <source>Measure the effect</source>
        <translation>测量效果</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Both runs</source>
        <translation>两次运行</translation>
    </message>
</context>
<context>
    <name>BoxCanvas</name>
    <message>
        <source>Image with boxes</source>
        <translation>带框的图像</translation>
    </message>
    <message>
        <source>Predicted: {box}</source>
        <translation>预测：{box}</translation>
    </message>
    <message>
        <source>True: {box}</source>
        <translation>真实：{box}</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
</context>
<context>
    <name>BusyLine</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Read again</source>
        <translation>重新读取</translation>
    </message>
</context>
<context>
    <name>CardDelegate</name>
    <message>
        <source>✕ wrong</source>
        <translation>✕ 错误</translation>
    </message>
    <message>
        <source>✓ right</source>
        <translation>✓ 正确</translation>
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
        <source>{model} (not for this task)</source>
        <translation>{model}（不适合此任务）</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>to download</source>
        <translation>需下载</translation>
    </message>
    <message>
        <source>{n} languages</source>
        <translation>{n} 种语言</translation>
    </message>
</context>
<context>
    <name>ChoiceCards</name>
    <message>
        <source>Remove {title}</source>
        <translation>移除 {title}</translation>
    </message>
    <message>
        <source>Duplicate {title}</source>
        <translation>复制 {title}</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>前移</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>后移</translation>
    </message>
</context>
<context>
    <name>ChosenRuns</name>
    <message>
        <source>recipe</source>
        <translation>配方</translation>
    </message>
</context>
<context>
    <name>CleanDialog</name>
    <message>
        <source>Clean up runs</source>
        <translation>清理运行</translation>
    </message>
    <message>
        <source>Of the run {name}:</source>
        <translation>运行 {name} 的以下内容：</translation>
    </message>
    <message>
        <source>Of {n} runs:</source>
        <translation>{n} 次运行的以下内容：</translation>
    </message>
    <message>
        <source>Remove at once, not by way of the trash</source>
        <translation>立即删除，不经过回收站</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>正在计算大小…</translation>
    </message>
    <message>
        <source>Clean up</source>
        <translation>清理</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Checkpoints of finished runs: only needed to go on training</source>
        <translation>已结束运行的检查点：仅在继续训练时需要</translation>
    </message>
    <message>
        <source>Compressed forms: can be made again</source>
        <translation>压缩形态：可以重新生成</translation>
    </message>
    <message>
        <source>Exports: can be made again from the model</source>
        <translation>导出：可以由模型重新生成</translation>
    </message>
    <message>
        <source>{size} in {n} runs. Models, results, curves and reports stay.</source>
        <translation>{n} 次运行中共 {size}。模型、结果、曲线和报告会保留。</translation>
    </message>
</context>
<context>
    <name>Closing</name>
    <message>
        <source>The window closes as soon as the run has answered…</source>
        <translation>运行作出响应后，窗口即会关闭…</translation>
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
        <source>It can go on without the window: the next start finds it again. Or stop and keep the best weights so far, leave off to resume later, or cancel and discard the run.</source>
        <translation>没有窗口它也能继续：下次启动时会重新找到它。也可以停止并保留目前的最佳权重，中断以便稍后继续，或取消并丢弃本次运行。</translation>
    </message>
    <message>
        <source>Let it go on, and close</source>
        <translation>让它继续，并关闭窗口</translation>
    </message>
    <message>
        <source>Leave off, then close</source>
        <translation>中断，然后关闭</translation>
    </message>
    <message>
        <source>Keep the window</source>
        <translation>保留窗口</translation>
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
        <source>A search or an ablation is going on</source>
        <translation>搜索或消融实验正在进行</translation>
    </message>
    <message>
        <source>It ends with the window. A search can be gone on with later; complete runs of an ablation stay.</source>
        <translation>关闭窗口会将其结束。搜索可在以后继续；消融实验中已完成的运行会保留。</translation>
    </message>
    <message>
        <source>A search for a trade-off is going on</source>
        <translation>正在搜索折中方案</translation>
    </message>
    <message>
        <source>It ends with the window. What was measured stays, and it can be gone on with later.</source>
        <translation>搜索会随窗口关闭而结束。已测量的结果会保留，之后可以继续。</translation>
    </message>
    <message>
        <source>End it and close</source>
        <translation>结束并关闭</translation>
    </message>
</context>
<context>
    <name>ColumnsModel</name>
    <message>
        <source>Column</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>角色</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Different</source>
        <translation>不同值</translation>
    </message>
    <message>
        <source>Empty</source>
        <translation>空值</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>list</source>
        <translation>列表</translation>
    </message>
</context>
<context>
    <name>ColumnsView</name>
    <message>
        <source>Columns and their roles</source>
        <translation>各列及其角色</translation>
    </message>
    <message>
        <source>Separator between several labels</source>
        <translation>多个标签之间的分隔符</translation>
    </message>
    <message>
        <source>&amp;Separator between several labels in one cell:</source>
        <translation>同一单元格中多个标签之间的分隔符(&amp;S)：</translation>
    </message>
    <message>
        <source>The numbers and examples are from the first {n} of {all} rows.</source>
        <translation>数字和示例取自全部 {all} 行中的前 {n} 行。</translation>
    </message>
</context>
<context>
    <name>ComparisonRuns</name>
    <message>
        <source>Run 1 of 2, without augmentation</source>
        <translation>第 1 次运行（共 2 次），不使用增强</translation>
    </message>
    <message>
        <source>Run 2 of 2, with augmentation</source>
        <translation>第 2 次运行（共 2 次），使用增强</translation>
    </message>
    <message>
        <source>Run 1 of 2, rows as they are</source>
        <translation>第 1 次运行（共 2 次），数据行保持原样</translation>
    </message>
    <message>
        <source>Run 2 of 2, classes equally often</source>
        <translation>第 2 次运行（共 2 次），各类别等频抽样</translation>
    </message>
    <message>
        <source>Compared: “{this}” beside “{other}”.</source>
        <translation>已对比：“{this}”与“{other}”。</translation>
    </message>
    <message>
        <source>Nothing is compared, because run {n} of 2 was not finished.</source>
        <translation>未进行对比，因为第 {n} 次运行（共 2 次）没有完成。</translation>
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
        <source>The runs have different tasks; only metrics that both have stand here.</source>
        <translation>两次运行的任务不同；此处仅列出双方都有的指标。</translation>
    </message>
    <message>
        <source>The runs were tested on different numbers of rows.</source>
        <translation>两次运行的测试行数不同。</translation>
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
        <source>Compress now</source>
        <translation>立即压缩</translation>
    </message>
    <message>
        <source>Compresses the shown run again with these steps; its exports are made anew</source>
        <translation>用这些步骤重新压缩所显示的运行；其导出会重新生成</translation>
    </message>
    <message>
        <source>Parts of the compression</source>
        <translation>压缩的各部分</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>步骤</translation>
    </message>
    <message>
        <source>Search for a trade-off</source>
        <translation>搜索折中方案</translation>
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
        <source>Compress now uses these steps on {run}; a new run has them after its training.</source>
        <translation>“立即压缩”对 {run} 使用这些步骤；新的运行会在训练之后使用它们。</translation>
    </message>
    <message>
        <source>What will change</source>
        <translation>将要改变的部分</translation>
    </message>
    <message>
        <source>The trained model is exported as it is.</source>
        <translation>训练好的模型将原样导出。</translation>
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
        <source>Rows: true label · columns: predicted label. Choose a cell to see what is in it.</source>
        <translation>行：真实标签 · 列：预测标签。选择一个单元格即可查看其中的内容。</translation>
    </message>
    <message>
        <source>{n} {unit} with the true label {true}, predicted as {predicted}</source>
        <translation>{n} {unit}：真实标签为 {true}，预测为 {predicted}</translation>
    </message>
    <message>
        <source>The first {n} {unit} with the true label {true}, predicted as {predicted}</source>
        <translation>前 {n} {unit}：真实标签为 {true}，预测为 {predicted}</translation>
    </message>
    <message>
        <source>No cell is chosen.</source>
        <translation>未选择单元格。</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
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
        <source>Added to the queue.</source>
        <translation>已加入队列。</translation>
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
    <name>CurveView</name>
    <message>
        <source>Trains on growing parts of your rows, and says what twice as many would bring.</source>
        <translation>用逐渐增多的数据行训练，并估计行数加倍会带来的改善。</translation>
    </message>
    <message>
        <source>Would more data help?</source>
        <translation>更多数据有帮助吗？</translation>
    </message>
    <message>
        <source>Learning curve</source>
        <translation>学习曲线</translation>
    </message>
    <message>
        <source>How good with few examples?</source>
        <translation>样本很少时效果如何？</translation>
    </message>
    <message>
        <source>Trains on a few examples of each class, five times each with other rows.</source>
        <translation>每个类别只用少量样本训练，各训练五次，每次使用不同的行。</translation>
    </message>
    <message>
        <source>Examples of each class</source>
        <translation>每个类别的样本数</translation>
    </message>
    <message>
        <source>examples of each class</source>
        <translation>个样本（每个类别）</translation>
    </message>
</context>
<context>
    <name>DamageView</name>
    <message>
        <source>Form of the model</source>
        <translation>模型形态</translation>
    </message>
    <message>
        <source>Form</source>
        <translation>形态</translation>
    </message>
    <message>
        <source>Classes before and after</source>
        <translation>压缩前后的类别</translation>
    </message>
    <message>
        <source>Rows with another answer</source>
        <translation>答案不同的行</translation>
    </message>
    <message>
        <source>Classes, the most damaged first</source>
        <translation>类别，受损最严重的在前</translation>
    </message>
    <message>
        <source>{worse} answers became worse, and {better} better.</source>
        <translation>{worse} 个回答变差，{better} 个变好。</translation>
    </message>
    <message>
        <source>Every test row has the same answer as before.</source>
        <translation>每个测试行的答案都与之前相同。</translation>
    </message>
    <message>
        <source>{lost} right answers became wrong, and {won} wrong ones right.</source>
        <translation>{lost} 个正确答案变为错误，{won} 个错误答案变为正确。</translation>
    </message>
    <message>
        <source>{n} stayed wrong with another answer.</source>
        <translation>{n} 个仍然错误，但答案不同。</translation>
    </message>
    <message>
        <source>{before} before, {after} after; smaller is better</source>
        <translation>之前 {before}，之后 {after}；越小越好</translation>
    </message>
    <message>
        <source>Calibration error</source>
        <translation>校准误差</translation>
    </message>
    <message>
        <source>Where it hurts most</source>
        <translation>受损最严重之处</translation>
    </message>
    <message>
        <source>{name} ({rows} rows): {before} before, {after} after</source>
        <translation>{name}（{rows} 行）：之前 {before}，之后 {after}</translation>
    </message>
    <message>
        <source>{name} ({rows} rows): mean score {before} before, {after} after; 1 is best</source>
        <translation>{name}（{rows} 行）：平均得分之前 {before}，之后 {after}；1 为最佳</translation>
    </message>
    <message>
        <source>difference with 95 % certainty from {low} to {high}</source>
        <translation>差异的 95 % 置信区间为 {low} 至 {high}</translation>
    </message>
    <message>
        <source>Short rows</source>
        <translation>较短的行</translation>
    </message>
    <message>
        <source>Rows of middle length</source>
        <translation>中等长度的行</translation>
    </message>
    <message>
        <source>Long rows</source>
        <translation>较长的行</translation>
    </message>
    <message>
        <source>Class {name}</source>
        <translation>类别 {name}</translation>
    </message>
    <message>
        <source>Language {name}</source>
        <translation>语言 {name}</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Test rows</source>
        <translation>测试行</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>之前</translation>
    </message>
    <message>
        <source>After</source>
        <translation>之后</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Row</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>变化情况</translation>
    </message>
    <message>
        <source>right before, wrong now</source>
        <translation>之前正确，现在错误</translation>
    </message>
    <message>
        <source>wrong before, right now</source>
        <translation>之前错误，现在正确</translation>
    </message>
    <message>
        <source>wrong in another way</source>
        <translation>错误方式不同</translation>
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
        <source>The data has changed</source>
        <translation>数据已更改</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>示例数据</translation>
    </message>
    <message>
        <source>Support messages (texts in 8 classes)</source>
        <translation>客服消息（8 个类别的文本）</translation>
    </message>
    <message>
        <source>Handwritten digits (images in 10 classes)</source>
        <translation>手写数字（10 个类别的图像）</translation>
    </message>
    <message>
        <source>Columns</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>诊断</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>增强</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Lengths of the questions</source>
        <translation>问题长度分布</translation>
    </message>
    <message>
        <source>Doctor ({n})</source>
        <translation>诊断（{n}）</translation>
    </message>
    <message>
        <source>Reading the data</source>
        <translation>正在读取数据</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>characters</source>
        <translation>字符</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
</context>
<context>
    <name>DataPresenter</name>
    <message>
        <source>Choose a folder of labelled data</source>
        <translation>选择标注数据所在的文件夹</translation>
    </message>
    <message>
        <source>Reading was cancelled; nothing of it is used.</source>
        <translation>读取已取消；其中的内容均不会使用。</translation>
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
        <source>Read it all the same</source>
        <translation>仍然读取</translation>
    </message>
    <message>
        <source>Leave them out</source>
        <translation>排除</translation>
    </message>
</context>
<context>
    <name>DataStart</name>
    <message>
        <source>No data yet</source>
        <translation>尚无数据</translation>
    </message>
    <message>
        <source>Choose texts or images with their labels, or drop them anywhere on this window.</source>
        <translation>请选择带标签的文本或图像，或将其拖放到此窗口的任意位置。</translation>
    </message>
    <message>
        <source>Choose files…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Sample of texts</source>
        <translation>文本示例</translation>
    </message>
    <message>
        <source>Sample of images</source>
        <translation>图像示例</translation>
    </message>
    <message>
        <source>Tables (CSV, Excel, JSON, Parquet, Arrow), folders of texts or images, tokens with tags, questions with answers, databases, and archives of these.</source>
        <translation>表格（CSV、Excel、JSON、Parquet、Arrow）、文本或图像文件夹、带标记的词元、带答案的问题、数据库，以及包含以上内容的压缩包。</translation>
    </message>
    <message>
        <source>Or a &amp;name:</source>
        <translation>或输入名称(&amp;N)：</translation>
    </message>
</context>
<context>
    <name>DiagnosticsDialog</name>
    <message>
        <source>Diagnostics</source>
        <translation>诊断信息</translation>
    </message>
    <message>
        <source>This is all that the file would hold: versions, settings, logs, and how the last runs ended. Names of user, computer and home folder are taken out; no rows, labels or texts of your data are in it. Nothing is sent.</source>
        <translation>以下是该文件将包含的全部内容：版本、设置、日志，以及最近几次运行的结束情况。用户名、计算机名和主文件夹名已去除；其中不含您数据中的任何行、标签或文本。不会发送任何内容。</translation>
    </message>
    <message>
        <source>Content of the file</source>
        <translation>文件内容</translation>
    </message>
    <message>
        <source>The chosen part</source>
        <translation>所选部分</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>保存…</translation>
    </message>
    <message>
        <source>Zip archives (*.zip)</source>
        <translation>Zip 压缩包 (*.zip)</translation>
    </message>
    <message>
        <source>Save the diagnostics</source>
        <translation>保存诊断信息</translation>
    </message>
    <message>
        <source>Saved as {name}</source>
        <translation>已保存为 {name}</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Labelled data ({endings});;All files (*)</source>
        <translation>标注数据 ({endings});;所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose labelled data</source>
        <translation>选择标注数据</translation>
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
        <source>Recipes (*.yaml *.yml)</source>
        <translation>配方 (*.yaml *.yml)</translation>
    </message>
    <message>
        <source>Choose recipes</source>
        <translation>选择配方</translation>
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
        <source>Zip files (*.zip)</source>
        <translation>Zip 文件 (*.zip)</translation>
    </message>
    <message>
        <source>TLStudio</source>
        <translation>TLStudio</translation>
    </message>
</context>
<context>
    <name>DiffView</name>
    <message>
        <source>left out</source>
        <translation>已排除</translation>
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
    <name>DoctorPresenter</name>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>Checking the data…</source>
        <translation>正在检查数据…</translation>
    </message>
    <message>
        <source>A deeper look needs data.</source>
        <translation>深入检查需要数据。</translation>
    </message>
    <message>
        <source>A deeper look needs a model: choose one in the Model step.</source>
        <translation>深入检查需要模型：请在“模型”步骤中选择。</translation>
    </message>
    <message>
        <source>A deeper look has to wait until the run has ended.</source>
        <translation>深入检查须等到本次运行结束。</translation>
    </message>
    <message>
        <source>A deeper look has to wait until the data and the model are read.</source>
        <translation>深入检查须等到数据和模型读取完毕。</translation>
    </message>
    <message>
        <source>The data is being checked.</source>
        <translation>正在检查数据。</translation>
    </message>
    <message>
        <source>Looking deeper: the model reads all {n} rows; seconds with a graphics card, minutes without.</source>
        <translation>正在深入检查：模型将读取全部 {n} 行；有显卡时需要几秒，没有显卡时需要几分钟。</translation>
    </message>
    <message>
        <source>Looking deeper: the model reads all {n} rows; the last time took {time}.</source>
        <translation>正在深入检查：模型将读取全部 {n} 行；上次耗时 {time}。</translation>
    </message>
    <message>
        <source>Nothing else was found.</source>
        <translation>未发现其他问题。</translation>
    </message>
    <message>
        <source>Nothing wrong was found.</source>
        <translation>未发现任何问题。</translation>
    </message>
    <message>
        <source>Data doctor</source>
        <translation>数据诊断</translation>
    </message>
    <message>
        <source>Errors: {n}</source>
        <translation>错误：{n}</translation>
    </message>
    <message>
        <source>Warnings: {n}</source>
        <translation>警告：{n}</translation>
    </message>
    <message>
        <source>Notices: {n}</source>
        <translation>提示：{n}</translation>
    </message>
    <message>
        <source>These findings are from before the checks were cancelled.</source>
        <translation>以上问题是在检查取消之前发现的。</translation>
    </message>
    <message>
        <source>These findings are from before the last change; the data is checked again.</source>
        <translation>以上问题是在上次更改之前发现的；正在重新检查数据。</translation>
    </message>
    <message>
        <source>{n} of {all} rows were looked at, drawn evenly.</source>
        <translation>已检查均匀抽取的 {n} 行（共 {all} 行）。</translation>
    </message>
    <message>
        <source>No data yet</source>
        <translation>尚无数据</translation>
    </message>
    <message>
        <source>Choose data first; the checks then begin by themselves.</source>
        <translation>请先选择数据；之后会自动开始检查。</translation>
    </message>
    <message>
        <source>The data cannot be read</source>
        <translation>无法读取数据</translation>
    </message>
    <message>
        <source>The data cannot be checked</source>
        <translation>无法检查数据</translation>
    </message>
    <message>
        <source>The checks were cancelled</source>
        <translation>检查已取消</translation>
    </message>
    <message>
        <source>“Check again” begins anew.</source>
        <translation>点击“重新检查”可重新开始。</translation>
    </message>
    <message>
        <source>Not checked yet</source>
        <translation>尚未检查</translation>
    </message>
    <message>
        <source>The checks begin when the run has ended.</source>
        <translation>本次运行结束后开始检查。</translation>
    </message>
    <message>
        <source>For empty rows, duplicates, leaks between the splits, doubtful labels and more.</source>
        <translation>检查空行、重复、各划分之间的泄漏、可疑标签等。</translation>
    </message>
    <message>
        <source>left out: {reason}</source>
        <translation>已跳过：{reason}</translation>
    </message>
    <message>
        <source>at once</source>
        <translation>瞬间完成</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{file}, row {row}</source>
        <translation>{file}，第 {row} 行</translation>
    </message>
    <message>
        <source>only when you look deeper</source>
        <translation>仅在深入检查时进行</translation>
    </message>
</context>
<context>
    <name>DoctorView</name>
    <message>
        <source>Checks…</source>
        <translation>检查项…</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Look deeper (needs the model)</source>
        <translation>深入检查（需要模型）</translation>
    </message>
    <message>
        <source>Checking the data</source>
        <translation>正在检查数据</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>These checks were made:</source>
        <translation>已进行以下检查：</translation>
    </message>
    <message>
        <source>Show hidden ({n})</source>
        <translation>显示已隐藏的问题（{n}）</translation>
    </message>
    <message>
        <source>Repairs in the recipe ({n})</source>
        <translation>配方中的修复（{n}）</translation>
    </message>
</context>
<context>
    <name>Examples</name>
    <message>
        <source>Show an example</source>
        <translation>显示示例</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Making an example</source>
        <translation>正在生成示例</translation>
    </message>
    <message>
        <source>Texts before and after</source>
        <translation>更改前后的文本</translation>
    </message>
    <message>
        <source>Show another</source>
        <translation>显示另一个</translation>
    </message>
    <message>
        <source>{name}: this text stays as it is</source>
        <translation>{name}：此文本保持原样</translation>
    </message>
    <message>
        <source>{name}: before</source>
        <translation>{name}：更改前</translation>
    </message>
    <message>
        <source>{name}: after</source>
        <translation>{name}：更改后</translation>
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
        <source>Use it</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Command that uses the export, without TLStudio</source>
        <translation>不依赖 TLStudio 使用该导出的命令</translation>
    </message>
    <message>
        <source>Serve it</source>
        <translation>提供服务</translation>
    </message>
    <message>
        <source>Command that answers on this computer, over HTTP</source>
        <translation>在本机通过 HTTP 给出答案的命令</translation>
    </message>
    <message>
        <source>Time it</source>
        <translation>测速</translation>
    </message>
    <message>
        <source>Command that measures the speed on this computer</source>
        <translation>在本机测量速度的命令</translation>
    </message>
    <message>
        <source>Copy command</source>
        <translation>复制命令</translation>
    </message>
    <message>
        <source>Not compared with the model it was made of.</source>
        <translation>未与其来源模型对比。</translation>
    </message>
    <message>
        <source>Made of a compressed form, which has the trained model&apos;s answer for {agreement} of test rows</source>
        <translation>由压缩后的形式生成，该形式在 {agreement} 的测试行上与训练好的模型答案相同</translation>
    </message>
    <message>
        <source>{time} for 1 row</source>
        <translation>1 行用时 {time}</translation>
    </message>
    <message>
        <source>{time} for 16 rows</source>
        <translation>16 行用时 {time}</translation>
    </message>
    <message>
        <source>{rows} rows compared · {agreement} same answers · largest difference {difference} · limit {limit}</source>
        <translation>已对比 {rows} 行 · {agreement} 答案一致 · 最大差异 {difference} · 上限 {limit}</translation>
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
        <source>Each file is loaded again in its own runtime and compared with the model it is made of before it counts.</source>
        <translation>每个文件都会在各自的运行时中重新加载，并与其来源模型对比，通过后才算数。</translation>
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
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Choose an earlier run…</source>
        <translation>选择一次先前的运行…</translation>
    </message>
    <message>
        <source>There is no other completed run.</source>
        <translation>没有其他已完成的运行。</translation>
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
    <name>FileInput</name>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
</context>
<context>
    <name>FindingAgain</name>
    <message>
        <source>A run is going on.</source>
        <translation>有运行正在进行。</translation>
    </message>
    <message>
        <source>The run {run} has gone on meanwhile.</source>
        <translation>运行 {run} 在此期间一直在继续。</translation>
    </message>
    <message>
        <source>The run {run} is going on in process {pid} on {host}, since {since}.</source>
        <translation>运行 {run} 正在主机 {host} 的进程 {pid} 中进行，开始于 {since}。</translation>
    </message>
    <message>
        <source>Follow it</source>
        <translation>跟踪</translation>
    </message>
    <message>
        <source>The run {run} was broken off before its end.</source>
        <translation>运行 {run} 在完成之前中断。</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>FindingDetail</name>
    <message>
        <source>Hide</source>
        <translation>隐藏</translation>
    </message>
    <message>
        <source>Not shown any more until the program is started again</source>
        <translation>在程序重新启动之前不再显示</translation>
    </message>
    <message>
        <source>Rows that show the finding</source>
        <translation>体现该问题的行</translation>
    </message>
    <message>
        <source>Images that show the finding</source>
        <translation>体现该问题的图像</translation>
    </message>
    <message>
        <source>The whole text of the chosen row</source>
        <translation>所选行的完整文本</translation>
    </message>
    <message>
        <source>What it does to the result: {effect}</source>
        <translation>对结果的影响：{effect}</translation>
    </message>
    <message>
        <source>Undo: {title}</source>
        <translation>撤销：{title}</translation>
    </message>
    <message>
        <source>Shows first what would change</source>
        <translation>先显示将发生的更改</translation>
    </message>
    <message>
        <source>All {n} rows</source>
        <translation>全部 {n} 行</translation>
    </message>
    <message>
        <source>{n} of the rows</source>
        <translation>其中 {n} 行</translation>
    </message>
</context>
<context>
    <name>FindingList</name>
    <message>
        <source>Findings</source>
        <translation>发现的问题</translation>
    </message>
</context>
<context>
    <name>FixPreview</name>
    <message>
        <source>Working out what would change</source>
        <translation>正在计算将发生的更改</translation>
    </message>
    <message>
        <source>Rows before and after</source>
        <translation>更改前后的行</translation>
    </message>
    <message>
        <source>Images that would change</source>
        <translation>将会更改的图像</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Takes the repair into the recipe</source>
        <translation>将此修复加入配方</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Changes nothing</source>
        <translation>不做任何更改</translation>
    </message>
    <message>
        <source>Your file stays as it is; the repair is done each time that it is read.</source>
        <translation>您的文件保持原样；每次读取时都会执行此修复。</translation>
    </message>
    <message>
        <source>Working out what would change…</source>
        <translation>正在计算将发生的更改…</translation>
    </message>
    <message>
        <source>{name}: {before} → {after}</source>
        <translation>{name}：{before} → {after}</translation>
    </message>
    <message>
        <source>It would change nothing: no row is concerned any more.</source>
        <translation>不会有任何更改：已没有涉及的行。</translation>
    </message>
    <message>
        <source>The first {n} of {all} rows that change are shown.</source>
        <translation>显示将会更改的 {all} 行中的前 {n} 行。</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>已排除</translation>
    </message>
    <message>
        <source>{changed} of {total} rows are changed and {dropped} are left out.</source>
        <translation>共 {total} 行，其中 {changed} 行将更改，{dropped} 行将排除。</translation>
    </message>
    <message>
        <source>{dropped} of {total} rows are left out.</source>
        <translation>共 {total} 行，其中 {dropped} 行将排除。</translation>
    </message>
    <message>
        <source>{changed} of {total} rows are changed.</source>
        <translation>共 {total} 行，其中 {changed} 行将更改。</translation>
    </message>
</context>
<context>
    <name>FrontierView</name>
    <message>
        <source>Tries combinations of compression steps on the trained model, measures each, and shows which are worth having. It can be stopped at any time and gone on with later.</source>
        <translation>在训练好的模型上尝试压缩步骤的各种组合，逐一测量，并显示哪些值得采用。可随时停止，之后再继续。</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>平均起点</translation>
    </message>
    <message>
        <source>Search for a trade-off</source>
        <translation>搜索折中方案</translation>
    </message>
    <message>
        <source>Ends it after the form that is being measured; what was found is shown</source>
        <translation>在正在测量的形态完成后结束；会显示已找到的结果</translation>
    </message>
    <message>
        <source>Ends it at once; it can still be gone on with</source>
        <translation>立即结束；之后仍可继续</translation>
    </message>
    <message>
        <source> %</source>
        <translation> %</translation>
    </message>
    <message>
        <source> MB</source>
        <translation> MB</translation>
    </message>
    <message>
        <source> ms</source>
        <translation> ms</translation>
    </message>
    <message>
        <source>for 1 row</source>
        <translation>针对 1 行</translation>
    </message>
    <message>
        <source>for 16 rows</source>
        <translation>针对 16 行</translation>
    </message>
    <message>
        <source>as they are</source>
        <translation>保持原样</translation>
    </message>
    <message>
        <source>all cores</source>
        <translation>全部核心</translation>
    </message>
    <message>
        <source>one thread</source>
        <translation>单线程</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>Score lost, at most</source>
        <translation>最多损失的得分</translation>
    </message>
    <message>
        <source>★ trained model · ◆ within the budget · ● others; filled: no other is as good in score, size and time for 1 row, and better in one of them. The dashed line joins the best of the two axes. Arrow keys go from point to point.</source>
        <translation>★ 训练好的模型 · ◆ 在预算内 · ● 其他；实心：没有其他形态在得分、大小和单行延迟上都不逊于它且至少一项更好。虚线连接按两条坐标轴衡量最佳的各点。可用方向键在各点之间移动。</translation>
    </message>
    <message>
        <source>Size, at most</source>
        <translation>大小上限</translation>
    </message>
    <message>
        <source>Of the files of the model.</source>
        <translation>指模型的文件。</translation>
    </message>
    <message>
        <source>Answer within</source>
        <translation>答案延迟上限</translation>
    </message>
    <message>
        <source>Median time on this computer.</source>
        <translation>在本机上的延迟中位数。</translation>
    </message>
    <message>
        <source>Memory, at most</source>
        <translation>内存上限</translation>
    </message>
    <message>
        <source>Of a process that loads the model and answers.</source>
        <translation>指加载模型并作答的进程。</translation>
    </message>
    <message>
        <source>Rows at once</source>
        <translation>同时处理的行数</translation>
    </message>
    <message>
        <source>What the time is measured for.</source>
        <translation>延迟所针对的行数。</translation>
    </message>
    <message>
        <source>Time to search</source>
        <translation>搜索时间</translation>
    </message>
    <message>
        <source>Share of the trained model&apos;s score.</source>
        <translation>占训练好的模型得分的比例。</translation>
    </message>
    <message>
        <source>The form that is being measured is finished.</source>
        <translation>正在测量的形态会测量完毕。</translation>
    </message>
    <message>
        <source>Tokens of a row</source>
        <translation>每行词元数</translation>
    </message>
    <message>
        <source>While times are taken. A search at another length begins anew; the other one is kept.</source>
        <translation>测量延迟时采用。以其他长度搜索会重新开始；原有的搜索会保留。</translation>
    </message>
    <message>
        <source>Computed by</source>
        <translation>计算方式</translation>
    </message>
    <message>
        <source>What the time is measured with.</source>
        <translation>测量延迟时使用的核心或线程。</translation>
    </message>
    <message>
        <source>Upwards</source>
        <translation>纵轴</translation>
    </message>
    <message>
        <source>Across</source>
        <translation>横轴</translation>
    </message>
    <message>
        <source>Forms of the model by two measures</source>
        <translation>按两项指标显示的模型形态</translation>
    </message>
    <message>
        <source>Use this one</source>
        <translation>使用此形态</translation>
    </message>
    <message>
        <source>Makes it the compressed form of the run; exports are made of it</source>
        <translation>将其设为该运行的压缩形态；导出由它生成</translation>
    </message>
    <message>
        <source>Put its steps into the recipe</source>
        <translation>将其步骤写入配方</translation>
    </message>
    <message>
        <source>They take the place of the compression steps that the recipe has</source>
        <translation>它们会取代配方中已有的压缩步骤</translation>
    </message>
    <message>
        <source>Forms of the model</source>
        <translation>模型的各种形态</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>No point is chosen</source>
        <translation>未选择任何点</translation>
    </message>
    <message>
        <source>Click a point, or choose a line of the table, to see its steps and numbers.</source>
        <translation>点击一个点或选择表格中的一行，即可查看其步骤和数值。</translation>
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
    <name>HubCard</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Progress of the download</source>
        <translation>下载进度</translation>
    </message>
    <message>
        <source>Look it up</source>
        <translation>查询</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>Go on with the download</source>
        <translation>继续下载</translation>
    </message>
    <message>
        <source>{n} rows</source>
        <translation>{n} 行</translation>
    </message>
</context>
<context>
    <name>HubPresenter</name>
    <message>
        <source>The download was stopped. What has arrived is kept, and it goes on there.</source>
        <translation>下载已停止。已下载的内容会保留，下次从该处继续。</translation>
    </message>
    <message>
        <source>Once it is downloaded, the data set is read from this machine.</source>
        <translation>下载完成后，将从本机读取该数据集。</translation>
    </message>
    <message>
        <source>This data set of the hub is not on this machine. Nothing has been asked of huggingface.co yet.</source>
        <translation>Hub 上的此数据集不在本机上。尚未向 huggingface.co 发出任何请求。</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>not stated</source>
        <translation>未说明</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>修订版本</translation>
    </message>
    <message>
        <source>Access</source>
        <translation>访问权限</translation>
    </message>
    <message>
        <source>only for people to whom its authors have given it</source>
        <translation>仅限获得作者授权的人员</translation>
    </message>
</context>
<context>
    <name>ImageInput</name>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>An image from the clipboard (Ctrl+V)</source>
        <translation>剪贴板中的图像（Ctrl+V）</translation>
    </message>
    <message>
        <source>Drop an image here, paste one, or choose a file</source>
        <translation>将图像拖放或粘贴到此处，或选择文件</translation>
    </message>
</context>
<context>
    <name>IntervalBars</name>
    <message>
        <source>{metric} beside the baselines</source>
        <translation>{metric} 与基线对比</translation>
    </message>
</context>
<context>
    <name>LabelsModel</name>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>New name</source>
        <translation>新名称</translation>
    </message>
    <message>
        <source>left out</source>
        <translation>已排除</translation>
    </message>
</context>
<context>
    <name>LabelsView</name>
    <message>
        <source>Rows of each label</source>
        <translation>各标签的行数</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>筛选</translation>
    </message>
    <message>
        <source>Filter the labels</source>
        <translation>筛选标签</translation>
    </message>
    <message>
        <source>Lengths of the texts</source>
        <translation>文本长度分布</translation>
    </message>
    <message>
        <source>No column holds labels: there is nothing to count.</source>
        <translation>没有包含标签的列：没有可统计的内容。</translation>
    </message>
    <message>
        <source>Labels with their numbers of rows and new names</source>
        <translation>各标签及其行数和新名称</translation>
    </message>
    <message>
        <source>Merge into one…</source>
        <translation>合并为一个…</translation>
    </message>
    <message>
        <source>The chosen labels get one name</source>
        <translation>为所选标签指定同一个名称</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Rows with the chosen labels are not used</source>
        <translation>带有所选标签的行将不会使用</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>The chosen labels stay as they are in the file</source>
        <translation>所选标签与文件中保持一致</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>{before} labels in the data; {after} after all repairs, in {rows} rows.</source>
        <translation>数据中有 {before} 个标签；完成所有修复后为 {after} 个，共 {rows} 行。</translation>
    </message>
    <message>
        <source>Tokens of each tag</source>
        <translation>各标记的词元数</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>{n} tags in the data.</source>
        <translation>数据中有 {n} 种标记。</translation>
    </message>
    <message>
        <source>Boxes of each label</source>
        <translation>各标签的框数</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>框</translation>
    </message>
    <message>
        <source>{n} labels of boxes in the data.</source>
        <translation>数据中有 {n} 种框标签。</translation>
    </message>
</context>
<context>
    <name>LanguageMatrix</name>
    <message>
        <source>By language</source>
        <translation>按语言</translation>
    </message>
    <message>
        <source>Results by language</source>
        <translation>各语言的结果</translation>
    </message>
    <message>
        <source>Zero-shot: the model has learnt from no row in this language.</source>
        <translation>零样本：模型没有学习过该语言的任何一行。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Training rows</source>
        <translation>训练行数</translation>
    </message>
    <message>
        <source>Test rows</source>
        <translation>测试行</translation>
    </message>
    <message>
        <source>0, zero-shot</source>
        <translation>0，零样本</translation>
    </message>
</context>
<context>
    <name>LicenceView</name>
    <message>
        <source>Licence of the data</source>
        <translation>数据的许可证</translation>
    </message>
    <message>
        <source>Such as cc-by-4.0. It is written into the model card and shown where another run starts from this.</source>
        <translation>例如 cc-by-4.0。它会写入模型卡片，并在其他运行以此为起点时显示。</translation>
    </message>
    <message>
        <source>As the hub states: {licence}</source>
        <translation>按 Hub 所注明：{licence}</translation>
    </message>
    <message>
        <source>Not stated</source>
        <translation>未注明</translation>
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
        <source>Stora&amp;ge…</source>
        <translation>存储(&amp;G)…</translation>
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
        <source>Add to the &amp;queue</source>
        <translation>加入队列(&amp;Q)</translation>
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
        <source>&amp;Requests to the network…</source>
        <translation>网络请求(&amp;R)…</translation>
    </message>
    <message>
        <source>Dia&amp;gnostics for a report…</source>
        <translation>用于报告问题的诊断信息(&amp;G)…</translation>
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
    <name>MeaningPresenter</name>
    <message>
        <source>One name for {n} labels:</source>
        <translation>为 {n} 个标签指定同一个名称：</translation>
    </message>
    <message>
        <source>Merge labels</source>
        <translation>合并标签</translation>
    </message>
    <message>
        <source>part of the text template</source>
        <translation>文本模板的一部分</translation>
    </message>
</context>
<context>
    <name>MeasuredTable</name>
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
        <source>Score (95 % interval)</source>
        <translation>得分（95 % 置信区间）</translation>
    </message>
    <message>
        <source>For 1</source>
        <translation>1 个输入</translation>
    </message>
    <message>
        <source>For 16</source>
        <translation>16 个输入</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致率</translation>
    </message>
    <message>
        <source>Measured size, score and speed</source>
        <translation>测得的大小、得分和速度</translation>
    </message>
    <message>
        <source>Better or worse: the score lies outside the interval of the trained model. Times are medians on the computer of the run; the 95th percentile is told where the mouse rests.</source>
        <translation>更好或更差：得分落在训练好的模型的置信区间之外。时间为在该运行所用计算机上的中位数；鼠标悬停时显示第 95 百分位数。</translation>
    </message>
    <message>
        <source>{metric}
(95 % interval)</source>
        <translation>{metric}
（95 % 置信区间）</translation>
    </message>
    <message>
        <source>95 % of the times at most {most}</source>
        <translation>95 % 的时间不超过 {most}</translation>
    </message>
    <message>
        <source>better</source>
        <translation>更好</translation>
    </message>
    <message>
        <source>worse</source>
        <translation>更差</translation>
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
        <source>Show all models</source>
        <translation>显示所有模型</translation>
    </message>
    <message>
        <source>Also those that cannot learn the task</source>
        <translation>也显示无法学习此任务的模型</translation>
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
        <source>Advisor</source>
        <translation>顾问</translation>
    </message>
    <message>
        <source>What would suit your data? Tried out on this computer.</source>
        <translation>什么适合您的数据？在这台电脑上实际试验。</translation>
    </message>
    <message>
        <source>Looks how well some hundred of your rows can be told apart by what each model on this computer makes of them, and what it costs; about a minute for three small models.</source>
        <translation>取您的几百行数据，检验用本机上各模型提取的特征能将其区分得多好，以及所需的开销；三个小型模型约需一分钟。</translation>
    </message>
    <message>
        <source>Models compared</source>
        <translation>模型对比</translation>
    </message>
    <message>
        <source>Which model suits my data?</source>
        <translation>哪个模型适合我的数据？</translation>
    </message>
    <message>
        <source>{n} of {all} models of the catalogue can learn the task.</source>
        <translation>目录共 {all} 个模型，其中 {n} 个能学习此任务。</translation>
    </message>
    <message>
        <source>No model of the catalogue can learn the task: use a folder, or one of the hub.</source>
        <translation>目录中没有能学习此任务的模型：请使用文件夹或 Hub 上的模型。</translation>
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
        <source>Image size</source>
        <translation>图像尺寸</translation>
    </message>
    <message>
        <source>{n} × {n} pixels</source>
        <translation>{n} × {n} 像素</translation>
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
        <source>Convert safely</source>
        <translation>安全转换</translation>
    </message>
    <message>
        <source>Converting the weights, in a process that may do nothing else…</source>
        <translation>正在一个无权执行其他操作的进程中转换权重…</translation>
    </message>
    <message>
        <source>The weights were not converted</source>
        <translation>权重未转换</translation>
    </message>
    <message>
        <source>The weights are safetensors now: {path}</source>
        <translation>权重现为 safetensors 格式：{path}</translation>
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
    <name>NameField</name>
    <message>
        <source>Name of a data set of the hub, a database or a sample</source>
        <translation>Hub 上的数据集、数据库或示例数据的名称</translation>
    </message>
    <message>
        <source>Enter takes the name; nothing is downloaded before you ask for it</source>
        <translation>按 Enter 键确认名称；在您要求之前不会下载任何内容</translation>
    </message>
</context>
<context>
    <name>NetworkDialog</name>
    <message>
        <source>Requests to the network</source>
        <translation>网络请求</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Purpose</source>
        <translation>用途</translation>
    </message>
    <message>
        <source>Host</source>
        <translation>主机</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>The list is a file that only grows: {path}</source>
        <translation>此列表是一个只追加的文件：{path}</translation>
    </message>
    <message>
        <source>There has been no request to the network. TLStudio asks for nothing unless you do.</source>
        <translation>从未发出网络请求。除非您要求，TLStudio 不会请求任何内容。</translation>
    </message>
    <message>
        <source>Requests: {count}. Refused, because nobody had asked for them: {refused}.</source>
        <translation>请求：{count}。因无人要求而被拒绝：{refused}。</translation>
    </message>
    <message>
        <source>Requests: {count}. You asked for each of them.</source>
        <translation>请求：{count}。每一次都是您要求的。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Dataset</source>
        <translation>数据集</translation>
    </message>
    <message>
        <source>Upload</source>
        <translation>上传</translation>
    </message>
    <message>
        <source>Database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>Nobody asked for it</source>
        <translation>无人要求</translation>
    </message>
    <message>
        <source>refused</source>
        <translation>已拒绝</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>无响应</translation>
    </message>
    <message>
        <source>read</source>
        <translation>已读取</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
</context>
<context>
    <name>NetworkView</name>
    <message>
        <source>Drawing of the network</source>
        <translation>网络示意图</translation>
    </message>
    <message>
        <source>Click a block, or choose it with the arrow keys and Space, to train or freeze it.</source>
        <translation>单击某一层，或用方向键和空格键选择，即可将其设为训练或冻结。</translation>
    </message>
    <message>
        <source>Drag the left edge of a rate, or use the arrow keys, to open the block earlier or later.</source>
        <translation>拖动学习率图形的左边缘或使用方向键，可让该层更早或更晚解冻。</translation>
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
        <source>Final layers</source>
        <translation>末端各层</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>预测头</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>is removed</source>
        <translation>将被移除</translation>
    </message>
    <message>
        <source>may be removed</source>
        <translation>可能被移除</translation>
    </message>
    <message>
        <source>gets smaller</source>
        <translation>将变小</translation>
    </message>
    <message>
        <source>biases train</source>
        <translation>训练偏置</translation>
    </message>
    <message>
        <source>norms train</source>
        <translation>训练归一化</translation>
    </message>
    <message>
        <source>adapters train</source>
        <translation>训练适配器</translation>
    </message>
    <message>
        <source>trains</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>from epoch {n}</source>
        <translation>自第 {n} 轮起</translation>
    </message>
    <message>
        <source>biases</source>
        <translation>偏置</translation>
    </message>
    <message>
        <source>norms</source>
        <translation>归一化</translation>
    </message>
    <message>
        <source>adapters</source>
        <translation>适配器</translation>
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
    <name>Notice</name>
    <message>
        <source>Not now</source>
        <translation>暂不</translation>
    </message>
</context>
<context>
    <name>PlaceRow</name>
    <message>
        <source>Give up these rows</source>
        <translation>不再使用这些行</translation>
    </message>
    <message>
        <source>Give up: {title}</source>
        <translation>移除：{title}</translation>
    </message>
    <message>
        <source>Files…</source>
        <translation>文件…</translation>
    </message>
    <message>
        <source>Choose: {title}</source>
        <translation>选择：{title}</translation>
    </message>
    <message>
        <source>One file, or several that are read as one</source>
        <translation>一个文件，或合并读取的多个文件</translation>
    </message>
    <message>
        <source>A folder, a data set of the hub, a database</source>
        <translation>文件夹、Hub 上的数据集、数据库</translation>
    </message>
    <message>
        <source>Other places: {title}</source>
        <translation>其他来源：{title}</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Type a name…</source>
        <translation>输入名称…</translation>
    </message>
    <message>
        <source>Add more files…</source>
        <translation>添加更多文件…</translation>
    </message>
    <message>
        <source>optional: taken from the labelled rows</source>
        <translation>可选：默认从标注行中划分</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>{n} files</source>
        <translation>{n} 个文件</translation>
    </message>
    <message>
        <source>{n} rows</source>
        <translation>{n} 行</translation>
    </message>
    <message>
        <source>{place}: {n} rows</source>
        <translation>{place}：{n} 行</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
</context>
<context>
    <name>PlacesCard</name>
    <message>
        <source>Labelled rows</source>
        <translation>标注行</translation>
    </message>
    <message>
        <source>Validation rows</source>
        <translation>验证行</translation>
    </message>
    <message>
        <source>Test rows</source>
        <translation>测试行</translation>
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
    <name>PreviewView</name>
    <message>
        <source>Rows of which place</source>
        <translation>显示哪一部分的行</translation>
    </message>
    <message>
        <source>Preview of the rows</source>
        <translation>数据行预览</translation>
    </message>
    <message>
        <source>Image of the chosen row</source>
        <translation>所选行的图像</translation>
    </message>
    <message>
        <source>The chosen row in full</source>
        <translation>所选行的完整内容</translation>
    </message>
    <message>
        <source>Choose a row to read it in full</source>
        <translation>选择一行即可查看完整内容</translation>
    </message>
    <message>
        <source>{n} rows</source>
        <translation>{n} 行</translation>
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
    <name>ProjectActions</name>
    <message>
        <source>The project could not be opened</source>
        <translation>无法打开项目</translation>
    </message>
    <message>
        <source>Save over it</source>
        <translation>覆盖保存</translation>
    </message>
    <message>
        <source>Go back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Somebody else works on this project</source>
        <translation>有其他人正在使用此项目</translation>
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
        <source>a new project</source>
        <translation>新项目</translation>
    </message>
    <message>
        <source>TLStudio ended before the changes of {name} were saved. They were kept at {when}.</source>
        <translation>TLStudio 在保存 {name} 的更改之前就结束了。这些更改已于 {when} 保留下来。</translation>
    </message>
    <message>
        <source>Unsaved changes were found</source>
        <translation>发现未保存的更改</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>后移</translation>
    </message>
</context>
<context>
    <name>QueueRuns</name>
    <message>
        <source>The queue goes on with the next recipe.</source>
        <translation>队列继续执行下一个配方。</translation>
    </message>
</context>
<context>
    <name>QueueView</name>
    <message>
        <source>Queue</source>
        <translation>队列</translation>
    </message>
    <message>
        <source>Clear what has ended</source>
        <translation>清除已结束的项</translation>
    </message>
    <message>
        <source>Run the queue</source>
        <translation>执行队列</translation>
    </message>
    <message>
        <source>One after another, also after a failure</source>
        <translation>逐个执行，失败后也会继续</translation>
    </message>
    <message>
        <source>Hold the queue</source>
        <translation>暂停队列</translation>
    </message>
    <message>
        <source>The present run ends; no other begins</source>
        <translation>当前运行会执行完毕；不再开始其他运行</translation>
    </message>
    <message>
        <source>Earlier: {title}</source>
        <translation>前移：{title}</translation>
    </message>
    <message>
        <source>Later: {title}</source>
        <translation>后移：{title}</translation>
    </message>
    <message>
        <source>Run again: {title}</source>
        <translation>再次运行：{title}</translation>
    </message>
    <message>
        <source>Remove: {title}</source>
        <translation>移除：{title}</translation>
    </message>
    <message>
        <source>⚠ to be resumed</source>
        <translation>⚠ 待继续</translation>
    </message>
    <message>
        <source>○ waiting</source>
        <translation>○ 等待中</translation>
    </message>
    <message>
        <source>▶ going on</source>
        <translation>▶ 进行中</translation>
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
    <name>ReadingPresenter</name>
    <message>
        <source>left out</source>
        <translation>已排除</translation>
    </message>
</context>
<context>
    <name>ReadingView</name>
    <message>
        <source>How the data is read</source>
        <translation>数据的读取方式</translation>
    </message>
    <message>
        <source>Kind of data</source>
        <translation>数据类型</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Automatic: {title}</source>
        <translation>自动：{title}</translation>
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
        <source>confidence {confidence}, accuracy {accuracy}, {count}</source>
        <translation>置信度 {confidence}，准确率 {accuracy}，{count}</translation>
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
    <name>RepairList</name>
    <message>
        <source>Undo this</source>
        <translation>撤销此项</translation>
    </message>
    <message>
        <source>Undo: {title}</source>
        <translation>撤销：{title}</translation>
    </message>
</context>
<context>
    <name>Repairs</name>
    <message>
        <source>{n} rows left out</source>
        <translation>已排除 {n} 行</translation>
    </message>
    <message>
        <source>a setting</source>
        <translation>一项设置</translation>
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
        <source>Train a model; its measured quality, errors, size and speed then stand here.</source>
        <translation>训练一个模型，其实测质量、错误、大小和速度就会显示在此处。</translation>
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
        <source>Back to the whole run</source>
        <translation>返回整个运行</translation>
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
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Damage</source>
        <translation>受损程度</translation>
    </message>
    <message>
        <source>Test entities</source>
        <translation>测试实体</translation>
    </message>
    <message>
        <source>Test words</source>
        <translation>测试词</translation>
    </message>
    <message>
        <source>Test boxes</source>
        <translation>测试框</translation>
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
        <source>Samples</source>
        <translation>示例数据</translation>
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
        <source>Test rows</source>
        <translation>测试行</translation>
    </message>
    <message>
        <source>The errors that the model was most sure of: often what stands in the data is wrong.</source>
        <translation>模型最确信的错误：往往是数据本身有误。</translation>
    </message>
    <message>
        <source>How often the model is right, by its confidence. Points below the dashed line are too sure, above it too careful; grey bars count the {unit}.</source>
        <translation>模型在各置信度下的正确率。虚线下方的点表示过于自信，上方的点表示过于谨慎；灰色柱表示各有多少 {unit}。</translation>
    </message>
    <message>
        <source>On average the model&apos;s confidence is {ece} away from how often it is right. Points below the dashed line are too sure, above it too careful; grey bars count the {unit}.</source>
        <translation>平均而言，模型的置信度与实际正确率相差 {ece}。虚线下方的点表示过于自信，上方的点表示过于谨慎；灰色柱表示各有多少 {unit}。</translation>
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
        <source>A text with [MASK] in place of the words to guess</source>
        <translation>一段文本，用 [MASK] 代替要猜的词</translation>
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
</context>
<context>
    <name>Resuming</name>
    <message>
        <source>Go on with the chosen run from its last checkpoint, as if it had never been broken off</source>
        <translation>从最后一个检查点继续所选运行，如同从未中断</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>RetentionModel</name>
    <message>
        <source>After {task}</source>
        <translation>学完“{task}”后</translation>
    </message>
    <message>
        <source>{task} was not learnt yet when {time} had been learnt</source>
        <translation>学完“{time}”时尚未学习“{task}”</translation>
    </message>
    <message>
        <source>{task} was not tested after {time}</source>
        <translation>学完“{time}”后没有测试“{task}”</translation>
    </message>
    <message>
        <source>After {time}: {metric} of {task} is {value}</source>
        <translation>学完“{time}”后：“{task}”的 {metric} 为 {value}</translation>
    </message>
    <message>
        <source>After {time}: {metric} of {task} is {value}, {change} since it was learnt</source>
        <translation>学完“{time}”后：“{task}”的 {metric} 为 {value}，与刚学完时相比变化 {change}</translation>
    </message>
</context>
<context>
    <name>RetentionTable</name>
    <message>
        <source>Retention: rows are times, columns are tasks</source>
        <translation>记忆保持：行为时间点，列为任务</translation>
    </message>
</context>
<context>
    <name>RoleDelegate</name>
    <message>
        <source>Role of {column}</source>
        <translation>{column} 的角色</translation>
    </message>
</context>
<context>
    <name>RunComparison</name>
    <message>
        <source>Tick two runs or more to compare them.</source>
        <translation>请勾选两次或更多运行进行对比。</translation>
    </message>
    <message>
        <source>Run that the others are compared with</source>
        <translation>作为对比基准的运行</translation>
    </message>
    <message>
        <source>Compared with</source>
        <translation>对比基准</translation>
    </message>
    <message>
        <source>Is the difference real?</source>
        <translation>差异是否真实？</translation>
    </message>
    <message>
        <source>Show in Results</source>
        <translation>在“结果”中显示</translation>
    </message>
    <message>
        <source>Every metric of two runs in Results, the curves of all in Train</source>
        <translation>“结果”中显示两次运行的所有指标，“训练”中显示全部运行的曲线</translation>
    </message>
    <message>
        <source>Metrics on the test rows (95 % intervals)</source>
        <translation>测试行上的指标（95 % 置信区间）</translation>
    </message>
    <message>
        <source>Comparing…</source>
        <translation>正在对比…</translation>
    </message>
    <message>
        <source>{n} settings differ, {same} are the same</source>
        <translation>{n} 项设置不同，{same} 项相同</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Settings that differ</source>
        <translation>不同的设置</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Metrics of the runs</source>
        <translation>各次运行的指标</translation>
    </message>
    <message>
        <source>Points of score on the test rows that both have. A difference counts as real where the 95 % interval of the paired bootstrap leaves out zero and the exact McNemar test (for scores between right and wrong the sign test) gives p &lt; 0.05 after Holm&apos;s correction for several comparisons.</source>
        <translation>两次运行共有的测试行上的得分差（百分点）。配对自助法的 95 % 置信区间不含零，且精确 McNemar 检验（得分介于对错之间时用符号检验）经 Holm 多重比较校正后 p &lt; 0.05，差异才视为真实。</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>p</source>
        <translation>p</translation>
    </message>
    <message>
        <source>Common rows</source>
        <translation>共有的行</translation>
    </message>
    <message>
        <source>Rows gained</source>
        <translation>变好的行</translation>
    </message>
    <message>
        <source>Rows lost</source>
        <translation>变差的行</translation>
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
    <name>RunCurves</name>
    <message>
        <source>Curve that is shown</source>
        <translation>显示的曲线</translation>
    </message>
    <message>
        <source>Validation: {metric}</source>
        <translation>验证：{metric}</translation>
    </message>
    <message>
        <source>Training loss</source>
        <translation>训练损失</translation>
    </message>
    <message>
        <source>{n} of {all} ticked runs have no such curve: their task has other metrics.</source>
        <translation>勾选的 {all} 次运行中，有 {n} 次没有此曲线：其任务使用其他指标。</translation>
    </message>
    <message>
        <source>Tick runs to lay their curves over each other.</source>
        <translation>勾选多次运行即可叠加显示其曲线。</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>曲线</translation>
    </message>
</context>
<context>
    <name>RunFiles</name>
    <message>
        <source>Write the run as a zip</source>
        <translation>将运行写成 zip 文件</translation>
    </message>
    <message>
        <source>The run is in {path}</source>
        <translation>运行已写入 {path}</translation>
    </message>
    <message>
        <source>Writing the zip of the run</source>
        <translation>正在写出运行的 zip 文件</translation>
    </message>
    <message>
        <source>Choose the zip of a run</source>
        <translation>选择运行的 zip 文件</translation>
    </message>
    <message>
        <source>Taking in the run</source>
        <translation>正在导入运行</translation>
    </message>
    <message>
        <source>Folder for {title}</source>
        <translation>用于 {title} 的文件夹</translation>
    </message>
    <message>
        <source>{title}: written to {place}</source>
        <translation>{title}：已写入 {place}</translation>
    </message>
    <message>
        <source>Writing for {title}</source>
        <translation>正在为 {title} 写出</translation>
    </message>
    <message>
        <source>{size} freed.</source>
        <translation>已释放 {size}。</translation>
    </message>
    <message>
        <source>{size} are in the trash; empty it to free them.</source>
        <translation>回收站中有 {size}；清空回收站即可释放。</translation>
    </message>
    <message>
        <source>Cleaning up</source>
        <translation>正在清理</translation>
    </message>
    <message>
        <source>Empty the trash</source>
        <translation>清空回收站</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Everything in the trash of the runs is removed for good. This cannot be undone.</source>
        <translation>运行回收站中的所有内容将被永久删除。此操作无法撤销。</translation>
    </message>
</context>
<context>
    <name>RunFinder</name>
    <message>
        <source>Search name, model, data, strategy, tags, notes</source>
        <translation>搜索名称、模型、数据、策略、标签、备注</translation>
    </message>
    <message>
        <source>Filter the runs</source>
        <translation>筛选运行记录</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Tag</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Only runs with a star</source>
        <translation>仅带星标的运行</translation>
    </message>
    <message>
        <source>{title}: all</source>
        <translation>{title}：全部</translation>
    </message>
</context>
<context>
    <name>RunList</name>
    <message>
        <source>None chosen yet.</source>
        <translation>尚未选择。</translation>
    </message>
    <message>
        <source>Add a run</source>
        <translation>添加运行</translation>
    </message>
    <message>
        <source>Add a recipe…</source>
        <translation>添加配方…</translation>
    </message>
    <message>
        <source>A recipe file names data and task that no run has learnt yet</source>
        <translation>配方文件指定尚无任何运行学习过的数据和任务</translation>
    </message>
    <message>
        <source>Earlier (Alt+Up)</source>
        <translation>前移（Alt+Up，向上键）</translation>
    </message>
    <message>
        <source>Later (Alt+Down)</source>
        <translation>后移（Alt+Down，向下键）</translation>
    </message>
    <message>
        <source>Remove (Del)</source>
        <translation>移除（Del）</translation>
    </message>
    <message>
        <source>There is no other completed run.</source>
        <translation>没有其他已完成的运行。</translation>
    </message>
    <message>
        <source>not found</source>
        <translation>未找到</translation>
    </message>
</context>
<context>
    <name>RunNotesEdit</name>
    <message>
        <source>★ Star</source>
        <translation>★ 星标</translation>
    </message>
    <message>
        <source>Tags, parted by commas</source>
        <translation>标签，以逗号分隔</translation>
    </message>
    <message>
        <source>Tags of the run</source>
        <translation>运行的标签</translation>
    </message>
    <message>
        <source>A note about this run</source>
        <translation>关于此运行的备注</translation>
    </message>
    <message>
        <source>Note about the run</source>
        <translation>运行备注</translation>
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
    <name>RunTree</name>
    <message>
        <source>Which run started from which</source>
        <translation>各次运行的起点关系</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>This run started from no other run, and no other from it. “Use its model” starts a new one.</source>
        <translation>此运行没有以其他运行为起点，也没有其他运行以它为起点。“使用其模型”可开始一次新运行。</translation>
    </message>
    <message>
        <source>Choose a run to see which run it started from.</source>
        <translation>选择一次运行，即可查看它以哪次运行为起点。</translation>
    </message>
    <message>
        <source>not here (deleted, or of another computer)</source>
        <translation>不在此处（已删除，或属于其他电脑）</translation>
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
        <source>The list is made once from the folders of the runs, and then kept.</source>
        <translation>此列表由各次运行的文件夹一次生成，之后会保留。</translation>
    </message>
    <message>
        <source>Reading the runs…</source>
        <translation>正在读取运行记录…</translation>
    </message>
    <message>
        <source>On the disk: {sizes}</source>
        <translation>磁盘占用：{sizes}</translation>
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
        <source>Manage</source>
        <translation>管理</translation>
    </message>
    <message>
        <source>Import a run…</source>
        <translation>导入运行…</translation>
    </message>
    <message>
        <source>Take in the zip of a run</source>
        <translation>导入运行的 zip 文件</translation>
    </message>
    <message>
        <source>Clean up…</source>
        <translation>清理…</translation>
    </message>
    <message>
        <source>Drop checkpoints, compressed forms or exports</source>
        <translation>删除检查点、压缩形态或导出文件</translation>
    </message>
    <message>
        <source>Trash…</source>
        <translation>回收站…</translation>
    </message>
    <message>
        <source>Bring back what was deleted</source>
        <translation>恢复已删除的内容</translation>
    </message>
    <message>
        <source>Storage…</source>
        <translation>存储空间…</translation>
    </message>
    <message>
        <source>Where everything lies and how large it is</source>
        <translation>各项内容的位置和大小</translation>
    </message>
    <message>
        <source>These runs have different metrics; scores are sorted within each metric, the best together.</source>
        <translation>这些运行的指标不同；得分在各指标内部排序，最佳的排在一起。</translation>
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
        <source>Use its model</source>
        <translation>使用其模型</translation>
    </message>
    <message>
        <source>Start from it</source>
        <translation>以此为起点</translation>
    </message>
    <message>
        <source>Training begins with this model</source>
        <translation>训练从此模型开始</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>作为教师</translation>
    </message>
    <message>
        <source>A small student learns from this model</source>
        <translation>由小型学生模型向此模型学习</translation>
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
        <source>Share</source>
        <translation>分享</translation>
    </message>
    <message>
        <source>As a zip file…</source>
        <translation>存为 zip 文件…</translation>
    </message>
    <message>
        <source>The whole run in one file</source>
        <translation>整个运行存为一个文件</translation>
    </message>
    <message>
        <source>For TensorBoard…</source>
        <translation>用于 TensorBoard…</translation>
    </message>
    <message>
        <source>Curves and results as event files</source>
        <translation>曲线和结果，存为事件文件</translation>
    </message>
    <message>
        <source>For MLflow…</source>
        <translation>用于 MLflow…</translation>
    </message>
    <message>
        <source>Curves, settings and results as a run of MLflow</source>
        <translation>曲线、设置和结果，存为 MLflow 的运行</translation>
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
        <source>Curves and details</source>
        <translation>曲线与详情</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>对比</translation>
    </message>
    <message>
        <source>Lineage</source>
        <translation>谱系</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
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
        <source>Star, tags</source>
        <translation>星标、标签</translation>
    </message>
    <message>
        <source>Started from</source>
        <translation>起点</translation>
    </message>
    <message>
        <source>model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>checkpoints</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>compressed forms</source>
        <translation>压缩形态</translation>
    </message>
    <message>
        <source>exports</source>
        <translation>导出文件</translation>
    </message>
    <message>
        <source>the whole run</source>
        <translation>整个运行</translation>
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
        <source>Delete these runs with their models and exports? From the trash they can be restored; their space is freed when it is emptied.</source>
        <translation>要删除这些运行及其模型和导出文件吗？可以从回收站恢复；清空回收站后才会释放空间。</translation>
    </message>
    <message>
        <source>Move to the trash</source>
        <translation>移到回收站</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
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
</context>
<context>
    <name>SampleView</name>
    <message>
        <source>Only wrong ones</source>
        <translation>仅显示错误的</translation>
    </message>
    <message>
        <source>Samples of the test rows</source>
        <translation>测试行的样本</translation>
    </message>
    <message>
        <source>Row {n}</source>
        <translation>第 {n} 行</translation>
    </message>
    <message>
        <source>{shown} of {n} samples</source>
        <translation>{shown} / {n} 个样本</translation>
    </message>
</context>
<context>
    <name>SearchView</name>
    <message>
        <source>Trains again and again with other values, each drawn from what went well before, and breaks off what goes badly. It can be stopped at any time, and gone on with later.</source>
        <translation>用不同的值反复训练，每次都根据此前效果好的值来选取，并提前终止效果差的试验。可随时停止，以后再继续。</translation>
    </message>
    <message>
        <source>Add a field</source>
        <translation>添加字段</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Earlier searches</source>
        <translation>先前的搜索</translation>
    </message>
    <message>
        <source>Ends the search after this batch; what was found is shown</source>
        <translation>在当前批次后结束搜索；显示已找到的结果</translation>
    </message>
    <message>
        <source>Ends the search at once; it can still be gone on with</source>
        <translation>立即结束搜索；以后仍可继续</translation>
    </message>
    <message>
        <source>Value by trial</source>
        <translation>各次试验的值</translation>
    </message>
    <message>
        <source>Points: complete trials; line: the best so far; crosses: broken off; dashes: the recipe as it is.</source>
        <translation>圆点：完成的试验；实线：目前的最佳值；叉号：提前终止；虚线：当前配方。</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>all</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Fewer rows make each trial faster, and what it says less sure.</source>
        <translation>行数越少，每次试验越快，但结论越不可靠。</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Trials at most</source>
        <translation>试验次数上限</translation>
    </message>
    <message>
        <source>Training rows</source>
        <translation>训练行数</translation>
    </message>
    <message>
        <source>Go on with the search</source>
        <translation>继续搜索</translation>
    </message>
    <message>
        <source>There are none yet</source>
        <translation>尚无搜索</translation>
    </message>
    <message>
        <source>Trials</source>
        <translation>试验</translation>
    </message>
    <message>
        <source>Trial</source>
        <translation>试验</translation>
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
        <source>goes on</source>
        <translation>继续运行</translation>
    </message>
    <message>
        <source>stops and keeps the best</source>
        <translation>停止并保留最佳结果</translation>
    </message>
    <message>
        <source>leaves off, to be resumed</source>
        <translation>中断，可稍后继续</translation>
    </message>
    <message>
        <source>A run &amp;without its window</source>
        <translation>关闭窗口后的运行(&amp;W)</translation>
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
        <source>&amp;Write values of the data into the logs</source>
        <translation>将数据中的值写入日志(&amp;W)</translation>
    </message>
    <message>
        <source>Another way of running takes effect with the next run.</source>
        <translation>更改运行方式后，从下次运行起生效。</translation>
    </message>
    <message>
        <source>&amp;Hub or mirror</source>
        <translation>Hub 或镜像(&amp;H)</translation>
    </message>
    <message>
        <source>as the environment says</source>
        <translation>使用环境中的设置</translation>
    </message>
    <message>
        <source>&amp;Proxy</source>
        <translation>代理(&amp;P)</translation>
    </message>
    <message>
        <source>kept in the keyring of the system, in no file</source>
        <translation>保存在系统密钥环中，不写入任何文件</translation>
    </message>
    <message>
        <source>To&amp;ken for the hub</source>
        <translation>Hub 令牌(&amp;K)</translation>
    </message>
    <message>
        <source>Re&amp;move the token from the keyring</source>
        <translation>从密钥环中移除令牌(&amp;M)</translation>
    </message>
    <message>
        <source>Folder of the runs</source>
        <translation>运行文件夹</translation>
    </message>
</context>
<context>
    <name>SeveralView</name>
    <message>
        <source>These tasks share the backbone of this run, each with a head of its own, and were tested on rows of their own. Beside it stands what the earlier run reached that learnt the task.</source>
        <translation>这些任务共用本次运行的骨干网络，各有自己的预测头，并分别在各自的测试行上测试。旁边列出的是先前学习该任务的运行所达到的结果。</translation>
    </message>
    <message>
        <source>Further tasks of this run</source>
        <translation>本次运行的其他任务</translation>
    </message>
    <message>
        <source>Show its results</source>
        <translation>显示其结果</translation>
    </message>
    <message>
        <source>The errors, size and speed of the chosen task, and a box to try it</source>
        <translation>所选任务的错误、大小和速度，以及试用框</translation>
    </message>
    <message>
        <source>Retention</source>
        <translation>记忆保持</translation>
    </message>
    <message>
        <source>The tasks were learnt one after the other. A row is a time: what was then known of each task, as {metric} on its test rows. In bold what had just been learnt; the deeper the blue, the better.</source>
        <translation>各任务依次学习。每一行是一个时间点：当时对各任务的掌握程度，以其测试行上的 {metric} 表示。粗体为刚学完的任务；蓝色越深越好。</translation>
    </message>
    <message>
        <source>Against forgetting: {method}.</source>
        <translation>防遗忘方法：{method}。</translation>
    </message>
    <message>
        <source>Backward transfer: since they were learnt, the earlier tasks have changed by {value}.</source>
        <translation>后向迁移：自学完以来，先前任务的变化为 {value}。</translation>
    </message>
    <message>
        <source>Forward transfer: what was learnt before brings a new task {value} of accuracy, before it is learnt.</source>
        <translation>前向迁移：先前学到的内容使新任务在学习之前的准确率变化 {value}。</translation>
    </message>
    <message>
        <source>Task</source>
        <translation>任务</translation>
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
        <source>Earlier run</source>
        <translation>较早的运行</translation>
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
        <source>Baseline</source>
        <translation>基线</translation>
    </message>
    <message>
        <source>Test rows</source>
        <translation>测试行</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
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
    <name>SplitModel</name>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
</context>
<context>
    <name>SplitView</name>
    <message>
        <source>How rows are divided</source>
        <translation>数据行的划分方式</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>By column</source>
        <translation>依据的列</translation>
    </message>
    <message>
        <source>Rows of each class in each split</source>
        <translation>各类别在各数据集中的行数</translation>
    </message>
    <message>
        <source>Automatic: {column}</source>
        <translation>自动：{column}</translation>
    </message>
    <message>
        <source>Choose a column</source>
        <translation>选择列</translation>
    </message>
    <message>
        <source>The column has more than {n} different values: choose another one.</source>
        <translation>该列的不同值超过 {n} 个：请选择其他列。</translation>
    </message>
    <message>
        <source>Each class keeps its share in every split. Equal texts stay together.</source>
        <translation>各类别在每个划分中的占比保持不变。相同的文本始终划分在一起。</translation>
    </message>
    <message>
        <source>Rows of one group (an author, a patient, a document) stay together.</source>
        <translation>同一组（同一作者、患者或文档）的行始终划分在一起。</translation>
    </message>
    <message>
        <source>The latest rows are the test rows: as it will be in use.</source>
        <translation>最新的行作为测试行：与实际使用时的情况一致。</translation>
    </message>
    <message>
        <source>Rows with chosen values (a language, a source, a year) are only tested on.</source>
        <translation>含有所选值（某种语言、来源或年份）的行仅用于测试。</translation>
    </message>
    <message>
        <source>A column says train, validation or test for each row.</source>
        <translation>由一列指明每一行属于训练、验证还是测试。</translation>
    </message>
    <message>
        <source>Every row is tested once: as many trainings as folds. For small data.</source>
        <translation>每一行都会测试一次：有多少折，就训练多少次。适用于小数据。</translation>
    </message>
    <message>
        <source>Validation and test rows have their own places: nothing is divided.</source>
        <translation>验证行和测试行各有单独的来源：不再划分。</translation>
    </message>
    <message>
        <source>Rows with a place of their own are used as they are; the rest is divided.</source>
        <translation>有单独来源的行按原样使用；其余的行进行划分。</translation>
    </message>
</context>
<context>
    <name>StagesView</name>
    <message>
        <source>The model before and after each compression step</source>
        <translation>各压缩步骤前后的模型</translation>
    </message>
    <message>
        <source>Times are medians for one input, and for a batch of 16, on this machine.</source>
        <translation>时间为本机上单个输入以及 16 个一批时的中位数。</translation>
    </message>
    <message>
        <source>Nothing was compressed. With a step of Compress, size, speed and score are measured before and after.</source>
        <translation>未进行压缩。添加“压缩”步骤后，会在压缩前后分别测量大小、速度和得分。</translation>
    </message>
    <message>
        <source>{title}: {smaller} × smaller, {faster} × as fast, {metric} {difference}.</source>
        <translation>{title}：体积缩小为原来的 1/{smaller}，速度为原来的 {faster} 倍，{metric} {difference}。</translation>
    </message>
    <message>
        <source>For 1</source>
        <translation>1 个输入</translation>
    </message>
    <message>
        <source>For 16</source>
        <translation>16 个输入</translation>
    </message>
    <message>
        <source>Agreement</source>
        <translation>一致率</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>阶段</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
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
    <name>StepsView</name>
    <message>
        <source>Repairs, in order</source>
        <translation>修复（按顺序）</translation>
    </message>
    <message>
        <source>Add a repair</source>
        <translation>添加修复</translation>
    </message>
    <message>
        <source>Nothing is changed: the rows are learnt from as they are. Your file always stays as it is.</source>
        <translation>未做任何更改：按原样使用数据行进行学习。您的文件始终保持原样。</translation>
    </message>
    <message>
        <source>{n} rows left out</source>
        <translation>已排除 {n} 行</translation>
    </message>
    <message>
        <source>no row left out</source>
        <translation>没有排除任何行</translation>
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
        <source>Take this repair away</source>
        <translation>移除此修复</translation>
    </message>
</context>
<context>
    <name>StorageDialog</name>
    <message>
        <source>Storage</source>
        <translation>存储空间</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>正在计算大小…</translation>
    </message>
    <message>
        <source>Places and what they take on the disk</source>
        <translation>各位置及其占用的磁盘空间</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Move…</source>
        <translation>移动…</translation>
    </message>
    <message>
        <source>Clean…</source>
        <translation>清理…</translation>
    </message>
    <message>
        <source>Measure again</source>
        <translation>重新测量</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Where {place} shall lie</source>
        <translation>选择 {place} 的存放位置</translation>
    </message>
    <message>
        <source>{size} will be copied to {path}, compared byte by byte, and only then removed here.</source>
        <translation>{size} 将复制到 {path}，逐字节比对后，才会从此处删除。</translation>
    </message>
    <message>
        <source>Other programs that use the hub&apos;s cache will not find them there any more.</source>
        <translation>使用 Hub 缓存的其他程序将无法再从原位置找到这些模型。</translation>
    </message>
    <message>
        <source>Move</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Move {place}</source>
        <translation>移动 {place}</translation>
    </message>
    <message>
        <source>Moving {place}</source>
        <translation>正在移动 {place}</translation>
    </message>
    <message>
        <source>and {n} more</source>
        <translation>另有 {n} 项</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Remove {size}?</source>
        <translation>删除 {size}？</translation>
    </message>
    <message>
        <source>Clean {place}</source>
        <translation>清理 {place}</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Can be cleaned</source>
        <translation>可清理</translation>
    </message>
    <message>
        <source>Where, and how it comes back</source>
        <translation>位置及恢复方式</translation>
    </message>
    <message>
        <source>{size} in all; {free} are free on the disk.</source>
        <translation>共 {size}；磁盘可用空间 {free}。</translation>
    </message>
    <message>
        <source>Set by {name} in the environment</source>
        <translation>由环境变量 {name} 设定</translation>
    </message>
    <message>
        <source>Models of the hub</source>
        <translation>Hub 模型</translation>
    </message>
    <message>
        <source>Datasets that were read or fetched</source>
        <translation>读取或下载的数据集</translation>
    </message>
    <message>
        <source>Features and other computed values</source>
        <translation>特征及其他计算结果</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行记录</translation>
    </message>
    <message>
        <source>Searches</source>
        <translation>搜索记录</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Trash</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Checkpoints of finished runs</source>
        <translation>已结束运行的检查点</translation>
    </message>
    <message>
        <source>Results, models and exports of runs</source>
        <translation>运行的结果、模型和导出文件</translation>
    </message>
    <message>
        <source>can be fetched again</source>
        <translation>可重新下载</translation>
    </message>
    <message>
        <source>is computed again when it is needed</source>
        <translation>需要时重新计算</translation>
    </message>
    <message>
        <source>cannot be restored then</source>
        <translation>清理后无法恢复</translation>
    </message>
    <message>
        <source>only needed to go on training</source>
        <translation>仅在继续训练时需要</translation>
    </message>
    <message>
        <source>what happened so far is forgotten</source>
        <translation>以往的记录会丢失</translation>
    </message>
    <message>
        <source>is kept; runs are deleted in Runs</source>
        <translation>会保留；请在“运行记录”中删除运行</translation>
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
        <source>Regularisation</source>
        <translation>正则化</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Add a regulariser</source>
        <translation>添加正则化方法</translation>
    </message>
    <message>
        <source>What keeps training from learning the rows by heart. Nothing is needed; each can be combined.</source>
        <translation>防止训练死记硬背数据行的方法。均非必需；可任意组合。</translation>
    </message>
    <message>
        <source>Adaptation</source>
        <translation>领域适应</translation>
    </message>
    <message>
        <source>Add an adaptation</source>
        <translation>添加领域适应</translation>
    </message>
    <message>
        <source>Before the training the model gets to know your kind of texts or images, without labels. It helps most where they are unlike those of its pretraining, and there are many more without labels than with.</source>
        <translation>训练之前，模型先熟悉您这一类文本或图像，无需标签。如果这些数据与预训练数据差别较大，且无标签数据远多于有标签数据，作用最大。</translation>
    </message>
    <message>
        <source>Advisor</source>
        <translation>顾问</translation>
    </message>
    <message>
        <source>What would suit your data? Tried out on this computer.</source>
        <translation>什么适合您的数据？在这台电脑上实际试验。</translation>
    </message>
    <message>
        <source>Tries a linear probe, LoRA and full fine-tuning on growing parts of your rows; the worse drop out.</source>
        <translation>用逐渐增多的数据行试验线性探测、LoRA 和全量微调；较差的依次淘汰。</translation>
    </message>
    <message>
        <source>Which strategy?</source>
        <translation>选哪种策略？</translation>
    </message>
    <message>
        <source>Strategies tried</source>
        <translation>试过的策略</translation>
    </message>
    <message>
        <source>Trains some steps with a rising learning rate, and looks where the loss falls most steeply.</source>
        <translation>以逐渐升高的学习率训练若干步，查看损失在何处下降最快。</translation>
    </message>
    <message>
        <source>Find a learning rate</source>
        <translation>查找学习率</translation>
    </message>
    <message>
        <source>Learning rates tried</source>
        <translation>试过的学习率</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Amount of data</source>
        <translation>数据量</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Ablation</source>
        <translation>消融实验</translation>
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
    <name>StudyLine</name>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
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
        <source>Of {rows} test {unit} that the model never saw, {value} got the right label.</source>
        <translation>在模型从未见过的测试数据（{rows} {unit}）中，{value} 得到了正确的标签。</translation>
    </message>
    <message>
        <source>With 95 % confidence the true share lies between {low} and {high}.</source>
        <translation>真实比例在 95 % 置信水平下介于 {low} 与 {high} 之间。</translation>
    </message>
    <message>
        <source>Measured on {rows} test {unit} that the model never saw. {meaning}.</source>
        <translation>在模型从未见过的测试数据（{rows} {unit}）上测得。{meaning}。</translation>
    </message>
    <message>
        <source>With 95 % confidence the true value lies between {low} and {high}.</source>
        <translation>真实值在 95 % 置信水平下介于 {low} 与 {high} 之间。</translation>
    </message>
    <message>
        <source>{title} reaches {value}: the model is better by {difference}.</source>
        <translation>{title} 达到 {value}：本模型高出 {difference}。</translation>
    </message>
    <message>
        <source>{strategy} on {rows} {unit} in {epochs} epochs ({time}); the weights of epoch {best} were kept. {device}, {precision}, batches of {batch}, {memory} of memory at most.</source>
        <translation>{strategy}：{rows} {unit}，训练 {epochs} 轮（用时 {time}），保留第 {best} 轮的权重。{device}，{precision}，批大小 {batch}，内存峰值 {memory}。</translation>
    </message>
    <message>
        <source>Other metrics</source>
        <translation>其他指标</translation>
    </message>
    <message>
        <source>This model</source>
        <translation>本模型</translation>
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
        <source>{title} reaches {value}, which is better than this model.</source>
        <translation>{title} 达到 {value}，优于本模型。</translation>
    </message>
    <message>
        <source>{title} reaches {value}: the model makes {fewer} fewer errors.</source>
        <translation>{title} 达到 {value}：本模型的错误减少了 {fewer}。</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>指标</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
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
    <name>TaskChoice</name>
    <message>
        <source>Task</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>&amp;Task:</source>
        <translation>任务(&amp;T)：</translation>
    </message>
</context>
<context>
    <name>TaskPresenter</name>
    <message>
        <source>The task was chosen from the data: {task}. Another one can be chosen above.</source>
        <translation>任务已根据数据选定：{task}。可在上方另选其他任务。</translation>
    </message>
    <message>
        <source>This data is made for another task: {task}.</source>
        <translation>这份数据适合另一任务：{task}。</translation>
    </message>
    <message>
        <source>Use this task</source>
        <translation>使用此任务</translation>
    </message>
    <message>
        <source>The labels are numbers. If they have an order, such as stars or marks, this makes more of them: {tasks}.</source>
        <translation>标签是数字。如果这些数字有顺序（例如星级或分数），以下任务能更充分地利用这一点：{tasks}。</translation>
    </message>
    <message>
        <source>Use {task}</source>
        <translation>使用“{task}”</translation>
    </message>
</context>
<context>
    <name>TemplateEdit</name>
    <message>
        <source>Text template</source>
        <translation>文本模板</translation>
    </message>
    <message>
        <source>none: the text is one column; or for example {title}: {body}</source>
        <translation>无：文本为单独一列；或例如 {title}: {body}</translation>
    </message>
    <message>
        <source>Builds the text from several columns; names stand in braces</source>
        <translation>用多个列组成文本；列名写在花括号中</translation>
    </message>
    <message>
        <source>Insert a column</source>
        <translation>插入列</translation>
    </message>
    <message>
        <source>The first texts that the template makes</source>
        <translation>模板生成的前几条文本</translation>
    </message>
    <message>
        <source>Te&amp;xt template</source>
        <translation>文本模板(&amp;X)</translation>
    </message>
</context>
<context>
    <name>TextInput</name>
    <message>
        <source>{role} to try the model on</source>
        <translation>用于试用模型的 {role}</translation>
    </message>
    <message>
        <source>Type or paste a text of your own</source>
        <translation>输入或粘贴您自己的文本</translation>
    </message>
</context>
<context>
    <name>TrainPane</name>
    <message>
        <source>Train</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>Metrics that are shown</source>
        <translation>显示的指标</translation>
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
        <source>Add to queue</source>
        <translation>加入队列</translation>
    </message>
    <message>
        <source>Run this recipe after those that wait already</source>
        <translation>排在已等待的配方之后运行此配方</translation>
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
        <source>Metrics on the validation rows</source>
        <translation>验证行上的指标</translation>
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
    <name>TrashDialog</name>
    <message>
        <source>Trash of the runs</source>
        <translation>运行的回收站</translation>
    </message>
    <message>
        <source>What was deleted</source>
        <translation>已删除的内容</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Empty the trash</source>
        <translation>清空回收站</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>{size} on the disk. It is freed when the trash is emptied.</source>
        <translation>占用磁盘 {size}。清空回收站后释放。</translation>
    </message>
    <message>
        <source>The trash is empty.</source>
        <translation>回收站为空。</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>运行</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Deleted</source>
        <translation>删除时间</translation>
    </message>
</context>
<context>
    <name>Trust</name>
    <message>
        <source>The token is in the keyring of the system.</source>
        <translation>令牌保存在系统密钥环中。</translation>
    </message>
    <message>
        <source>The token was removed.</source>
        <translation>令牌已移除。</translation>
    </message>
    <message>
        <source>There was no token in the keyring.</source>
        <translation>密钥环中没有令牌。</translation>
    </message>
</context>
<context>
    <name>TryBox</name>
    <message>
        <source>Try it</source>
        <translation>试用</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Optional: leave it empty to ask about the first alone</source>
        <translation>可选：留空则仅就第一条文本提问</translation>
    </message>
    <message>
        <source>The model&apos;s answer will stand here.</source>
        <translation>模型的答案会显示在此处。</translation>
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
    <name>ValueTicks</name>
    <message>
        <source>Values whose rows are held out</source>
        <translation>所在行将被留出的值</translation>
    </message>
</context>
<context>
    <name>ValuesModel</name>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
</context>
<context>
    <name>VaryRow</name>
    <message>
        <source>Do not vary {field}</source>
        <translation>不再搜索“{field}”</translation>
    </message>
    <message>
        <source>values with spaces between them</source>
        <translation>多个值，以空格分隔</translation>
    </message>
    <message>
        <source>Values of {field}</source>
        <translation>“{field}”的值</translation>
    </message>
    <message>
        <source>Lowest {field}</source>
        <translation>“{field}”的最小值</translation>
    </message>
    <message>
        <source>Highest {field}</source>
        <translation>“{field}”的最大值</translation>
    </message>
    <message>
        <source>by orders of magnitude</source>
        <translation>按数量级</translation>
    </message>
    <message>
        <source>Draws as often between 0.001 and 0.01 as between 0.01 and 0.1: right for rates.</source>
        <translation>在 0.001 与 0.01 之间取值的机会，和在 0.01 与 0.1 之间相同：适用于学习率。</translation>
    </message>
</context>
<context>
    <name>View</name>
    <message>
        <source>On a coloured ground: the model&apos;s answer. Underlined: the right one.</source>
        <translation>彩色底纹：模型的答案。下划线：正确答案。</translation>
    </message>
    <message>
        <source>{row} · words in common {f1}</source>
        <translation>{row} · 共同词 {f1}</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Truth</source>
        <translation>正确答案</translation>
    </message>
    <message>
        <source>no answer in the text</source>
        <translation>文本中没有答案</translation>
    </message>
    <message>
        <source>Previous</source>
        <translation>上一个</translation>
    </message>
    <message>
        <source>Alt+Left</source>
        <translation>Alt+Left（向左键）</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>下一个</translation>
    </message>
    <message>
        <source>Alt+Right</source>
        <translation>Alt+Right（向右键）</translation>
    </message>
    <message>
        <source>True (dashed)</source>
        <translation>真实（虚线）</translation>
    </message>
    <message>
        <source>Predicted (solid)</source>
        <translation>预测（实线）</translation>
    </message>
    <message>
        <source>{at} of {n}: row {row}, {name} · {true} true and {predicted} predicted boxes</source>
        <translation>{at} / {n}：第 {row} 行，{name} · {true} 个真实框，{predicted} 个预测框</translation>
    </message>
    <message>
        <source>What the model read, what a person wrote, and what the model writes.</source>
        <translation>模型读到的、人写的以及模型写出的内容。</translation>
    </message>
    <message>
        <source>{row} · score {score}</source>
        <translation>{row} · 得分 {score}</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>参考</translation>
    </message>
    <message>
        <source>Output</source>
        <translation>输出</translation>
    </message>
    <message>
        <source>{n} characters</source>
        <translation>{n} 个字符</translation>
    </message>
    <message>
        <source>{n} words</source>
        <translation>{n} 个词</translation>
    </message>
    <message>
        <source>✓ given and right · ✕ given, but wrong · ○ missed; with the model&apos;s probability.</source>
        <translation>✓ 给出且正确 · ✕ 给出但错误 · ○ 遗漏；并附模型给出的概率。</translation>
    </message>
    <message>
        <source>no label</source>
        <translation>无标签</translation>
    </message>
    <message>
        <source>Hidden words on a coloured ground, and the model&apos;s guesses; ✓ marks the right one.</source>
        <translation>彩色底纹处为隐藏的词，并列出模型的猜测；✓ 表示正确的词。</translation>
    </message>
    <message>
        <source>The nearest texts of the test rows for each query; ✓ marks the right one.</source>
        <translation>各查询在测试行中最相近的文本；✓ 表示正确的文本。</translation>
    </message>
    <message>
        <source>✕ not among them:</source>
        <translation>✕ 不在其中：</translation>
    </message>
    <message>
        <source>Each point is a row; on the dashed line the prediction is exact. Point at one to read it.</source>
        <translation>每个点代表一行；位于虚线上的点预测完全准确。将鼠标指向某个点即可查看。</translation>
    </message>
    <message>
        <source>Rows with their numbers</source>
        <translation>各行及其数值</translation>
    </message>
    <message>
        <source>The rows with the largest differences come first.</source>
        <translation>差异最大的行排在最前。</translation>
    </message>
    <message>
        <source>Row {n}: true {true}, predicted {predicted}</source>
        <translation>第 {n} 行：真实值 {true}，预测值 {predicted}</translation>
    </message>
    <message>
        <source>True value</source>
        <translation>真实值</translation>
    </message>
    <message>
        <source>Predicted value</source>
        <translation>预测值</translation>
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
        <source>Difference</source>
        <translation>差异</translation>
    </message>
    <message>
        <source>Below the words stands what the model says, above them the truth. ✕ and a red edge: not in the truth; a dashed edge: not found.</source>
        <translation>词的下方是模型的判断，上方是真实标记。✕ 和红边：真实标记中没有；虚线边：未找到。</translation>
    </message>
    <message>
        <source>Model:</source>
        <translation>模型：</translation>
    </message>
    <message>
        <source>Truth:</source>
        <translation>真实：</translation>
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
        <source>Start with your own data</source>
        <translation>从您自己的数据开始</translation>
    </message>
    <message>
        <source>Texts or images with labels: tables, folders, archives. You can also drop them here.</source>
        <translation>带标签的文本或图像：表格、文件夹、压缩包。也可以拖放到此处。</translation>
    </message>
    <message>
        <source>Choose files…</source>
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
    <name>WorkDialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>正在取消…</translation>
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
    <name>ablation</name>
    <message>
        <source>The recipe as it is</source>
        <translation>当前配方</translation>
    </message>
    <message>
        <source>without {part}</source>
        <translation>不含“{part}”</translation>
    </message>
    <message>
        <source>{n} runs</source>
        <translation>{n} 次运行</translation>
    </message>
    <message>
        <source>{runs}, about {time}</source>
        <translation>{runs}，约 {time}</translation>
    </message>
    <message>
        <source>Cancelled; complete runs are under Runs.</source>
        <translation>已取消；完成的运行保留在“运行记录”中。</translation>
    </message>
    <message>
        <source>The comparison is going on.</source>
        <translation>对比正在进行。</translation>
    </message>
    <message>
        <source>This has to wait until the search has ended.</source>
        <translation>须等待搜索结束。</translation>
    </message>
    <message>
        <source>Give values to compare: {field}.</source>
        <translation>请给出要对比的值：{field}。</translation>
    </message>
    <message>
        <source>Values of {field} must be numbers.</source>
        <translation>“{field}”的值必须是数字。</translation>
    </message>
    <message>
        <source>Choose something to leave out, or values to compare.</source>
        <translation>请选择要去掉的部分，或要对比的值。</translation>
    </message>
    <message>
        <source>Run {n} of {all}</source>
        <translation>第 {n} 次运行（共 {all} 次）</translation>
    </message>
    <message>
        <source>{n} done</source>
        <translation>已完成 {n} 次</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>not run</source>
        <translation>未运行</translation>
    </message>
    <message>
        <source>may be chance</source>
        <translation>可能只是偶然</translation>
    </message>
    <message>
        <source>better</source>
        <translation>更好</translation>
    </message>
    <message>
        <source>worse</source>
        <translation>更差</translation>
    </message>
    <message>
        <source>Points of the mean score of a row, to the recipe as it is, on {rows} test rows with {seeds} seeds; the intervals are from a paired bootstrap.</source>
        <translation>各行平均得分相对当前配方的差值（百分点），基于 {rows} 个测试行和 {seeds} 个随机种子；置信区间由配对自助法得出。</translation>
    </message>
    <message>
        <source>Variant</source>
        <translation>变体</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>Points (95 % interval)</source>
        <translation>百分点（95 % 置信区间）</translation>
    </message>
    <message>
        <source>What it says</source>
        <translation>含义</translation>
    </message>
</context>
<context>
    <name>advice</name>
    <message>
        <source>Cancelled; nothing has changed.</source>
        <translation>已取消；没有任何更改。</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>Trying it out…</source>
        <translation>正在试验…</translation>
    </message>
    <message>
        <source>This needs data: choose it in the Data step.</source>
        <translation>此功能需要数据：请在“数据”步骤中选择。</translation>
    </message>
    <message>
        <source>This needs a model: choose one in the Model step.</source>
        <translation>此功能需要模型：请在“模型”步骤中选择。</translation>
    </message>
    <message>
        <source>This has to wait until the run has ended.</source>
        <translation>须等待当前运行结束。</translation>
    </message>
    <message>
        <source>Reading the data…</source>
        <translation>正在读取数据…</translation>
    </message>
    <message>
        <source>Use {model}</source>
        <translation>使用 {model}</translation>
    </message>
    <message>
        <source>Use {strategy}</source>
        <translation>使用 {strategy}</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>学习率</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Use {rate}</source>
        <translation>使用 {rate}</translation>
    </message>
    <message>
        <source>Examples of each class</source>
        <translation>每个类别的样本数</translation>
    </message>
    <message>
        <source>Training rows</source>
        <translation>训练行数</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Probe</source>
        <translation>线性探测</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>For 1</source>
        <translation>1 个输入</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>On rows</source>
        <translation>所用行数</translation>
    </message>
    <message>
        <source>Training on all</source>
        <translation>全部行训练用时</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Mean</source>
        <translation>平均值</translation>
    </message>
    <message>
        <source>Standard deviation</source>
        <translation>标准差</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>最低</translation>
    </message>
    <message>
        <source>Most</source>
        <translation>最高</translation>
    </message>
    <message>
        <source>Trainings</source>
        <translation>训练次数</translation>
    </message>
    <message>
        <source>{rows} ({each} a class)</source>
        <translation>{rows}（每个类别 {each}）</translation>
    </message>
</context>
<context>
    <name>afterwards</name>
    <message>
        <source>This needs a finished run: train, or open one under Runs.</source>
        <translation>此处需要已完成的运行：请训练，或在“运行”中打开一个。</translation>
    </message>
    <message>
        <source>The shown run has no trained model; open one that was completed.</source>
        <translation>所显示的运行没有训练好的模型；请打开一个已完成的运行。</translation>
    </message>
</context>
<context>
    <name>choices</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>The training rows</source>
        <translation>训练行</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Every class equally often</source>
        <translation>各类别出现次数相同</translation>
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
        <source>Any</source>
        <translation>任意</translation>
    </message>
    <message>
        <source>The same</source>
        <translation>相同</translation>
    </message>
    <message>
        <source>The most frequent</source>
        <translation>最常见的</translation>
    </message>
    <message>
        <source>Lower case</source>
        <translation>小写</translation>
    </message>
    <message>
        <source>Upper case</source>
        <translation>大写</translation>
    </message>
    <message>
        <source>Capitalised</source>
        <translation>首字母大写</translation>
    </message>
    <message>
        <source>Letters</source>
        <translation>按字母</translation>
    </message>
    <message>
        <source>Words</source>
        <translation>按词</translation>
    </message>
    <message>
        <source>Line</source>
        <translation>行</translation>
    </message>
    <message>
        <source>Paragraph</source>
        <translation>段落</translation>
    </message>
    <message>
        <source>Document</source>
        <translation>文档</translation>
    </message>
    <message>
        <source>Noise</source>
        <translation>噪声</translation>
    </message>
    <message>
        <source>Average colour</source>
        <translation>平均颜色</translation>
    </message>
    <message>
        <source>Black</source>
        <translation>黑色</translation>
    </message>
    <message>
        <source>Colour of the border</source>
        <translation>边缘颜色</translation>
    </message>
    <message>
        <source>Mirrored</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>Stratified by class</source>
        <translation>按类别分层</translation>
    </message>
    <message>
        <source>By groups</source>
        <translation>按组</translation>
    </message>
    <message>
        <source>By time</source>
        <translation>按时间</translation>
    </message>
    <message>
        <source>By values of a column</source>
        <translation>按某列的值</translation>
    </message>
    <message>
        <source>As a column says</source>
        <translation>按某列的指定</translation>
    </message>
    <message>
        <source>K-fold</source>
        <translation>K 折</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Operations (FLOPs)</source>
        <translation>运算量（FLOPs）</translation>
    </message>
    <message>
        <source>Time of an answer</source>
        <translation>答案延迟</translation>
    </message>
    <message>
        <source>Change of the loss (Taylor)</source>
        <translation>损失的变化（Taylor）</translation>
    </message>
    <message>
        <source>Size of the weights</source>
        <translation>权重的大小</translation>
    </message>
    <message>
        <source>The whole network</source>
        <translation>整个网络</translation>
    </message>
    <message>
        <source>Each layer</source>
        <translation>每一层</translation>
    </message>
    <message>
        <source>Zeros anywhere</source>
        <translation>任意位置置零</translation>
    </message>
    <message>
        <source>2 of 4 stay</source>
        <translation>每 4 个保留 2 个</translation>
    </message>
    <message>
        <source>1 of 4 stays</source>
        <translation>每 4 个保留 1 个</translation>
    </message>
    <message>
        <source>4 of 8 stay</source>
        <translation>每 8 个保留 4 个</translation>
    </message>
    <message>
        <source>Every other one</source>
        <translation>每隔一个</translation>
    </message>
    <message>
        <source>Those nearest to the answer</source>
        <translation>最靠近答案的</translation>
    </message>
    <message>
        <source>Those that change least</source>
        <translation>变化最小的</translation>
    </message>
    <message>
        <source>A narrower network</source>
        <translation>更窄的网络</translation>
    </message>
    <message>
        <source>Another model</source>
        <translation>另一个模型</translation>
    </message>
    <message>
        <source>Energy of the singular values</source>
        <translation>奇异值的能量</translation>
    </message>
    <message>
        <source>Share of the parameters</source>
        <translation>参数占比</translation>
    </message>
    <message>
        <source>Smallest and largest value</source>
        <translation>最小值和最大值</translation>
    </message>
    <message>
        <source>A percentile</source>
        <translation>百分位数</translation>
    </message>
    <message>
        <source>Entropy</source>
        <translation>熵</translation>
    </message>
    <message>
        <source>Weights and activations</source>
        <translation>权重和激活</translation>
    </message>
    <message>
        <source>Only the weights</source>
        <translation>仅权重</translation>
    </message>
    <message>
        <source>The middle</source>
        <translation>中间部分</translation>
    </message>
    <message>
        <source>The beginning</source>
        <translation>开头部分</translation>
    </message>
    <message>
        <source>Other rows of the batch</source>
        <translation>同批的其他行</translation>
    </message>
    <message>
        <source>Triplets</source>
        <translation>三元组</translation>
    </message>
    <message>
        <source>Contrastive</source>
        <translation>对比损失</translation>
    </message>
    <message>
        <source>Contrastive, hard pairs only</source>
        <translation>对比损失（仅困难样本对）</translation>
    </message>
    <message>
        <source>Order of similarities (CoSENT)</source>
        <translation>相似度排序（CoSENT）</translation>
    </message>
    <message>
        <source>Cosine</source>
        <translation>余弦</translation>
    </message>
    <message>
        <source>Squashed to a square</source>
        <translation>压缩成正方形</translation>
    </message>
    <message>
        <source>Padded to a square</source>
        <translation>填充成正方形</translation>
    </message>
    <message>
        <source>Plain</source>
        <translation>朴素格式</translation>
    </message>
    <message>
        <source>Tuned, one for all</source>
        <translation>调优，所有类别共用一个</translation>
    </message>
    <message>
        <source>Tuned for each class</source>
        <translation>按类别分别调优</translation>
    </message>
    <message>
        <source>As given below</source>
        <translation>按下方给定值</translation>
    </message>
    <message>
        <source>Small random numbers</source>
        <translation>小随机数</translation>
    </message>
    <message>
        <source>Tokens of the training rows</source>
        <translation>训练行中的词元</translation>
    </message>
    <message>
        <source>Squared error</source>
        <translation>平方误差</translation>
    </message>
    <message>
        <source>Huber</source>
        <translation>Huber 损失</translation>
    </message>
    <message>
        <source>A tag for each word</source>
        <translation>每个词一个标记</translation>
    </message>
    <message>
        <source>Attention</source>
        <translation>注意力</translation>
    </message>
    <message>
        <source>SGD with momentum</source>
        <translation>带动量的 SGD</translation>
    </message>
    <message>
        <source>Falls in a line</source>
        <translation>线性下降</translation>
    </message>
    <message>
        <source>Stays the same</source>
        <translation>保持不变</translation>
    </message>
    <message>
        <source>One over the root of the step</source>
        <translation>步数平方根的倒数</translation>
    </message>
    <message>
        <source>Slanted triangle</source>
        <translation>斜三角</translation>
    </message>
    <message>
        <source>The upper blocks</source>
        <translation>上部各层</translation>
    </message>
    <message>
        <source>Only biases (BitFit)</source>
        <translation>仅偏置（BitFit）</translation>
    </message>
    <message>
        <source>Only layer norms</source>
        <translation>仅层归一化</translation>
    </message>
    <message>
        <source>Blocks clicked in the drawing</source>
        <translation>在示意图中点选的层</translation>
    </message>
    <message>
        <source>At random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>Epoch</source>
        <translation>轮次</translation>
    </message>
    <message>
        <source>When the loss stops falling</source>
        <translation>损失不再下降时</translation>
    </message>
    <message>
        <source>Exponential moving average</source>
        <translation>指数移动平均</translation>
    </message>
    <message>
        <source>Plain mean (SWA)</source>
        <translation>算术平均（SWA）</translation>
    </message>
    <message>
        <source>In any order</source>
        <translation>任意顺序</translation>
    </message>
    <message>
        <source>Short ones first</source>
        <translation>短文本优先</translation>
    </message>
    <message>
        <source>Earlier run</source>
        <translation>较早的运行</translation>
    </message>
    <message>
        <source>A new one</source>
        <translation>新的预测头</translation>
    </message>
    <message>
        <source>Layers of the teacher</source>
        <translation>教师的部分层</translation>
    </message>
    <message>
        <source>The chosen model</source>
        <translation>所选模型</translation>
    </message>
    <message>
        <source>Evenly spread</source>
        <translation>均匀选取</translation>
    </message>
    <message>
        <source>Sum</source>
        <translation>求和</translation>
    </message>
    <message>
        <source>Product</source>
        <translation>乘积</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>拼接</translation>
    </message>
    <message>
        <source>Learned matrix</source>
        <translation>可学习的矩阵</translation>
    </message>
    <message>
        <source>Gated attention</source>
        <translation>门控注意力</translation>
    </message>
    <message>
        <source>The head alone</source>
        <translation>仅预测头</translation>
    </message>
    <message>
        <source>Head and first backbone</source>
        <translation>预测头和第一骨干网络</translation>
    </message>
    <message>
        <source>Head and both backbones</source>
        <translation>预测头和两个骨干网络</translation>
    </message>
    <message>
        <source>Maximum</source>
        <translation>最大值</translation>
    </message>
    <message>
        <source>A single layer</source>
        <translation>单一层</translation>
    </message>
    <message>
        <source>A learned mix of all</source>
        <translation>所有层的可学习混合</translation>
    </message>
    <message>
        <source>Between the two, by temperature</source>
        <translation>介于两者之间，由温度决定</translation>
    </message>
    <message>
        <source>By the number of rows</source>
        <translation>按行数</translation>
    </message>
    <message>
        <source>Every task equally often (round-robin)</source>
        <translation>各任务均等（round-robin）</translation>
    </message>
    <message>
        <source>By the file name</source>
        <translation>按文件名</translation>
    </message>
    <message>
        <source>Recognised from the text</source>
        <translation>按文本识别</translation>
    </message>
    <message>
        <source>Only the source languages</source>
        <translation>仅源语言</translation>
    </message>
    <message>
        <source>The languages of the training rows</source>
        <translation>与训练行相同</translation>
    </message>
    <message>
        <source>By uncertainty</source>
        <translation>按不确定性</translation>
    </message>
    <message>
        <source>Earlier rows (replay)</source>
        <translation>先前的行（replay）</translation>
    </message>
    <message>
        <source>Held weights (EWC)</source>
        <translation>约束权重（EWC）</translation>
    </message>
    <message>
        <source>Earlier answers (LwF)</source>
        <translation>先前的答案（LwF）</translation>
    </message>
    <message>
        <source>An adapter for each task</source>
        <translation>每个任务一个适配器</translation>
    </message>
    <message>
        <source>Class</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>The lowest</source>
        <translation>最下部的层</translation>
    </message>
    <message>
        <source>The highest</source>
        <translation>最上部的层</translation>
    </message>
    <message>
        <source>Falls to 0</source>
        <translation>降至 0</translation>
    </message>
    <message>
        <source>Masked words</source>
        <translation>掩码词</translation>
    </message>
    <message>
        <source>Denoising</source>
        <translation>去噪</translation>
    </message>
    <message>
        <source>Masked images</source>
        <translation>掩码图像</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
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
    <name>compress</name>
    <message>
        <source>Add a step; Compress now then uses it on the shown run.</source>
        <translation>添加一个步骤；“立即压缩”随后会将其用于所显示的运行。</translation>
    </message>
    <message>
        <source>A step does not fit where it is.</source>
        <translation>有一个步骤不适合放在当前位置。</translation>
    </message>
    <message>
        <source>There is no such step in this version.</source>
        <translation>此版本中没有这样的步骤。</translation>
    </message>
    <message>
        <source>Takes: {takes}. Gives: {gives}.</source>
        <translation>输入：{takes}。输出：{gives}。</translation>
    </message>
    <message>
        <source>It cannot follow {before}, which gives {gives}. Move it before that step, or remove one.</source>
        <translation>它不能接在输出 {gives} 的 {before} 之后。请将它移到该步骤之前，或移除其中一个。</translation>
    </message>
    <message>
        <source>In the shown run, against the form before it: {effects}.</source>
        <translation>在所显示的运行中，与前一形式相比：{effects}。</translation>
    </message>
    <message>
        <source>Which layers go is decided by the rows when the step runs.</source>
        <translation>哪些层会被移除，要在该步骤运行时根据数据行决定。</translation>
    </message>
    <message>
        <source>Not drawn, because it is only known when it runs: {steps}.</source>
        <translation>未绘制，因为只有运行时才能知道：{steps}。</translation>
    </message>
</context>
<context>
    <name>engine</name>
    <message>
        <source>&apos;tlstudio runs&apos; lists the runs.</source>
        <translation>“tlstudio runs”可列出所有运行。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; mixes the images of each batch, but with the strategy {strategy} the backbone sees each image only once.</source>
        <translation>“{name}”会混合每一批的图像，但在策略 {strategy} 下，骨干网络对每张图像只看一次。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; moves parts of the image, but would leave what the task {task} learns where it was.</source>
        <translation>“{name}”会移动图像的内容，但任务“{task}”要学习的目标位置却不会随之移动。</translation>
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
        <source>1 is perfect, 0 is chance; robust when classes differ in size</source>
        <translation>1 为完美，0 为随机；类别大小不均时依然稳健</translation>
    </message>
    <message>
        <source>1.17 billion English sentence pairs</source>
        <translation>11.7 亿个英语句对</translation>
    </message>
    <message>
        <source>1.28 million images in 1,000 classes (ImageNet-1k)</source>
        <translation>128 万张图像，1,000 个类别（ImageNet-1k）</translation>
    </message>
    <message>
        <source>14 million images in 21,843 classes (ImageNet-21k)</source>
        <translation>1400 万张图像，21,843 个类别（ImageNet-21k）</translation>
    </message>
    <message>
        <source>142 million images without labels (LVD-142M)</source>
        <translation>1.42 亿张无标签图像（LVD-142M）</translation>
    </message>
    <message>
        <source>160 GB of English books, news, web pages and stories</source>
        <translation>160 GB 英语图书、新闻、网页和故事</translation>
    </message>
    <message>
        <source>2 billion images with English texts from the web (LAION-2B)</source>
        <translation>来自网络的 20 亿张图像及英语文本（LAION-2B）</translation>
    </message>
    <message>
        <source>2 trillion tokens of English web pages, books, mathematics and code; then instructions</source>
        <translation>2 万亿词元的英语网页、书籍、数学和代码；之后是指令数据</translation>
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
        <source>A backbone of the type &apos;{kind}&apos; cannot learn the task {task}.</source>
        <translation>类型为“{kind}”的骨干网络无法学习任务“{task}”。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn the task {task}: it does not guess masked words.</source>
        <translation>类型为“{kind}”的骨干网络无法学习任务“{task}”：它不会猜测被遮盖的词。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn the task {task}: it has no encoder that reads a text with a decoder that writes another.</source>
        <translation>类型为“{kind}”的骨干网络无法学习任务“{task}”：它没有读取文本的编码器和写出另一文本的解码器。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn the task {task}: it is no single network that reads texts.</source>
        <translation>类型为“{kind}”的骨干网络无法学习任务“{task}”：它不是读取文本的单一网络。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn the task {task}: {reason}.</source>
        <translation>类型为“{kind}”的骨干网络无法学习任务“{task}”：{reason}。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn to find objects.</source>
        <translation>类型为“{kind}”的骨干网络无法学习查找物体。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot read images of {size} x {size} pixels.</source>
        <translation>类型为“{kind}”的骨干网络无法读取 {size} x {size} 像素的图像。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; does not know images and texts together.</source>
        <translation>类型为“{kind}”的骨干网络不能同时理解图像和文本。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; reads pages with their layout; {task} has plain texts.</source>
        <translation>类型为“{kind}”的骨干网络读取带版面的页面；而 {task} 使用纯文本。</translation>
    </message>
    <message>
        <source>A backbone such as BERT gets to know your kind of texts, without labels. The result is a backbone for the other tasks.</source>
        <translation>让 BERT 等骨干网络熟悉您这一类文本，无需标签。得到的骨干网络可用于其他任务。</translation>
    </message>
    <message>
        <source>A classifier needs at least two classes: choose another column or add examples of another class.</source>
        <translation>分类器至少需要两个类别：请选择其他列，或添加其他类别的样本。</translation>
    </message>
    <message>
        <source>A classifier that has not seen these rows is sure of another answer. But it agrees with {agreed} % of all labels and is unsure where it differs from most of the others: these may as well be right, and hard. Look at them before you take one of the repairs.</source>
        <translation>一个没有见过这些行的分类器确信答案不同。但它与全部标签中的 {agreed} % 一致，而在与其余大多数标签不同之处并不确定：这些标签也可能是正确的，只是较难。请先查看这些标签，再决定是否采用某项修复。</translation>
    </message>
    <message>
        <source>A conversation: a list of messages, each with the one who speaks and the text.</source>
        <translation>一段对话：消息列表，每条消息包含说话者和文本。</translation>
    </message>
    <message>
        <source>A decoder learns to answer, from prompts with responses or from conversations.</source>
        <translation>解码器学习回答，数据为带回复的提示或对话。</translation>
    </message>
    <message>
        <source>A decoder such as GPT-2 learns to write texts like these, from plain texts without labels.</source>
        <translation>GPT-2 等解码器从无标签的纯文本中学习写出类似的文本。</translation>
    </message>
    <message>
        <source>A folder with an XML file for each image, such as Annotations beside JPEGImages.</source>
        <translation>一个文件夹，每张图像有一个 XML 文件，例如与 JPEGImages 并列的 Annotations。</translation>
    </message>
    <message>
        <source>A hundred languages; the usual choice when texts come in several.</source>
        <translation>支持一百种语言；文本涉及多种语言时的常用选择。</translation>
    </message>
    <message>
        <source>A long text becomes a short one: summaries, headlines, subject lines. For BART, Pegasus, T5 and mT5.</source>
        <translation>把长文本变短：摘要、标题、邮件主题。适用于 BART、Pegasus、T5 和 mT5。</translation>
    </message>
    <message>
        <source>A model hears little in them; they may be cut off, or failed recordings.</source>
        <translation>模型从中几乎听不到什么；可能是被截断或录制失败的录音。</translation>
    </message>
    <message>
        <source>A modern convolutional network; robust, and easy to fine-tune.</source>
        <translation>现代卷积网络；稳健，易于微调。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no layers that LoRA could learn beside.</source>
        <translation>类型为 {kind} 的网络没有可供 LoRA 在旁学习的层。</translation>
    </message>
    <message>
        <source>A row of {path} after row {row} is longer than 8 MB.</source>
        <translation>{path} 中第 {row} 行之后有一行超过 8 MB。</translation>
    </message>
    <message>
        <source>A sound file.</source>
        <translation>声音文件。</translation>
    </message>
    <message>
        <source>A table with a header, values separated by commas, tabs, semicolons or bars.</source>
        <translation>带表头的表格，值以逗号、制表符、分号或竖线分隔。</translation>
    </message>
    <message>
        <source>A text in one language becomes a text in another; learns from pairs of sentences. For Marian, T5, mT5, mBART and NLLB.</source>
        <translation>把一种语言的文本变成另一种语言的文本；从句对中学习。适用于 Marian、T5、mT5、mBART 和 NLLB。</translation>
    </message>
    <message>
        <source>A text that does not belong to the first one: the third of a triplet.</source>
        <translation>与第一文本无关的文本：三元组中的第三个。</translation>
    </message>
    <message>
        <source>A vision transformer in stages with windows; good with fine detail.</source>
        <translation>分阶段、带窗口的视觉 Transformer；擅长处理细节。</translation>
    </message>
    <message>
        <source>About a hundred languages, Chinese among them; sentence embeddings of good quality.</source>
        <translation>支持约一百种语言，包括中文；句子嵌入质量好。</translation>
    </message>
    <message>
        <source>Above 1, samples repeat themselves less (Keskar et al., 2019, CTRL); 1 switches it off.</source>
        <translation>大于 1 时，样本中的重复会减少（Keskar 等，2019，CTRL）；1 表示关闭。</translation>
    </message>
    <message>
        <source>Accuracy</source>
        <translation>准确率</translation>
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
        <source>Add the file, or correct or remove the row.</source>
        <translation>请添加该文件，或者更正或移除该行。</translation>
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
        <source>Agreement beyond chance; far misses cost more; 1 is perfect</source>
        <translation>排除偶然因素后的一致程度；偏差越远代价越高；1 为完美</translation>
    </message>
    <message>
        <source>All parts of a word are masked together, so that none betrays the others: a harder task.</source>
        <translation>一个词的所有部分一起遮盖，以免其中一部分泄露其余部分：任务更难。</translation>
    </message>
    <message>
        <source>All training rows have the same number in the column &apos;{column}&apos;: {value}</source>
        <translation>所有训练行在列“{column}”中的数值都相同：{value}</translation>
    </message>
    <message>
        <source>An answer has at most so many tokens.</source>
        <translation>答案最多包含的词元数。</translation>
    </message>
    <message>
        <source>Another seed gives another split.</source>
        <translation>不同的种子产生不同的划分。</translation>
    </message>
    <message>
        <source>Answer F1</source>
        <translation>答案 F1</translation>
    </message>
    <message>
        <source>Area under precision over recall, mean of classes</source>
        <translation>精确率对召回率曲线下的面积，取各类别均值</translation>
    </message>
    <message>
        <source>Around each class name, for the answer without training; {label} stands for the name.</source>
        <translation>无需训练即作答时，套在各类别名称外的句子；{label} 代表名称。</translation>
    </message>
    <message>
        <source>As CLIP, trained with another loss; usually more accurate.</source>
        <translation>与 CLIP 类似，但用另一种损失训练；通常更准确。</translation>
    </message>
    <message>
        <source>At most so many boxes are given for an image.</source>
        <translation>一张图像最多给出的框数。</translation>
    </message>
    <message>
        <source>Attention dropout</source>
        <translation>注意力 dropout</translation>
    </message>
    <message>
        <source>Audio classification</source>
        <translation>音频分类</translation>
    </message>
    <message>
        <source>Auto adds matrices to all linear layers of the blocks; attention only to those of the attention, as in the paper.</source>
        <translation>自动：在各块的所有线性层旁添加矩阵；attention：仅在注意力层旁添加，与论文一致。</translation>
    </message>
    <message>
        <source>Auto follows the columns: a third text or none in-batch negatives, a number CoSENT, a label contrastive.</source>
        <translation>自动：根据数据列决定：有第三文本或没有其他列时为批内负样本，有数值时为 CoSENT，有标签时为对比损失。</translation>
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
        <source>Average precision</source>
        <translation>平均精确率</translation>
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
        <source>BLEU</source>
        <translation>BLEU</translation>
    </message>
    <message>
        <source>Backbones of the type &apos;{kind}&apos; with this front end are not supported.</source>
        <translation>不支持带有这种前端、类型为“{kind}”的骨干网络。</translation>
    </message>
    <message>
        <source>Bag of words</source>
        <translation>词袋模型</translation>
    </message>
    <message>
        <source>Balanced makes a missed label cost more the rarer it is: rows without it / rows with it.</source>
        <translation>均衡：标签越稀有，漏判的代价越高：无此标签的行数 / 有此标签的行数。</translation>
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
        <source>Beams</source>
        <translation>束数</translation>
    </message>
    <message>
        <source>Beginnings that are followed at once; 1 takes the likeliest token.</source>
        <translation>同时跟踪的开头数；1 表示始终取可能性最大的词元。</translation>
    </message>
    <message>
        <source>Best by</source>
        <translation>择优指标</translation>
    </message>
    <message>
        <source>Block size</source>
        <translation>块大小</translation>
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
        <source>Box labels</source>
        <translation>框标签</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>框</translation>
    </message>
    <message>
        <source>Boxes an image</source>
        <translation>每张图像的框数</translation>
    </message>
    <message>
        <source>Boxes whose shorter side has fewer pixels are tiny.</source>
        <translation>短边像素少于此值的框视为过小。</translation>
    </message>
    <message>
        <source>Boxes with a lower score are not shown. Auto takes what gives the best F1 on the validation images; mAP counts all boxes.</source>
        <translation>得分低于此值的框不显示。自动：取在验证图像上 F1 最佳的值；mAP 会计入所有框。</translation>
    </message>
    <message>
        <source>Broken, silent and very short recordings, and those of different rates.</source>
        <translation>损坏、无声和过短的录音，以及采样率不同的录音。</translation>
    </message>
    <message>
        <source>CLIP ViT-B/32</source>
        <translation>CLIP ViT-B/32</translation>
    </message>
    <message>
        <source>COCO boxes</source>
        <translation>COCO 框</translation>
    </message>
    <message>
        <source>CSV or TSV</source>
        <translation>CSV 或 TSV</translation>
    </message>
    <message>
        <source>Calibration error (ECE)</source>
        <translation>校准误差（ECE）</translation>
    </message>
    <message>
        <source>Causal language modelling</source>
        <translation>因果语言建模</translation>
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
        <source>Chat template</source>
        <translation>对话模板</translation>
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
        <source>Check whether several texts were joined by a missing quotation mark, or split the text.</source>
        <translation>请检查是否因缺少引号而把多条文本连在了一起，或拆分该文本。</translation>
    </message>
    <message>
        <source>Chinese text pairs</source>
        <translation>中文文本对</translation>
    </message>
    <message>
        <source>Choose YOLOS, DETR, Conditional DETR, Deformable DETR or RT-DETR in the Model step.</source>
        <translation>请在“模型”步骤中选择 YOLOS、DETR、Conditional DETR、Deformable DETR 或 RT-DETR。</translation>
    </message>
    <message>
        <source>Choose a .yaml file.</source>
        <translation>请选择 .yaml 文件。</translation>
    </message>
    <message>
        <source>Choose a Wav2Vec2, HuBERT, WavLM, AST or Whisper model in the Model step.</source>
        <translation>请在“模型”步骤中选择 Wav2Vec2、HuBERT、WavLM、AST 或 Whisper 模型。</translation>
    </message>
    <message>
        <source>Choose a column of lists for tokens, tags, answers, boxes and messages, and of texts for the others.</source>
        <translation>词元、标记、答案、框和消息请选择列表类型的列，其他角色请选择文本列。</translation>
    </message>
    <message>
        <source>Choose a decoder such as GPT-2, SmolLM2, Llama or Qwen in the Model step.</source>
        <translation>请在“模型”步骤中选择解码器，例如 GPT-2、SmolLM2、Llama 或 Qwen。</translation>
    </message>
    <message>
        <source>Choose a file with a header and labelled rows.</source>
        <translation>请选择带表头和标注行的文件。</translation>
    </message>
    <message>
        <source>Choose a folder such as VOC2012, with Annotations and JPEGImages in it.</source>
        <translation>请选择 VOC2012 这样的文件夹，其中含有 Annotations 和 JPEGImages。</translation>
    </message>
    <message>
        <source>Choose a folder that you may write to, or change its permissions.</source>
        <translation>请选择有写入权限的文件夹，或更改其权限。</translation>
    </message>
    <message>
        <source>Choose a labelled file in the Data step.</source>
        <translation>请在“数据”步骤中选择标注文件。</translation>
    </message>
    <message>
        <source>Choose a model such as CLIP or SigLIP, or the task Image classification.</source>
        <translation>请选择 CLIP 或 SigLIP 等模型，或选择任务“图像分类”。</translation>
    </message>
    <message>
        <source>Choose a model that has a file tokenizer.json, such as one of the BERT, RoBERTa or DeBERTa family.</source>
        <translation>请选择含有文件 tokenizer.json 的模型，例如 BERT、RoBERTa 或 DeBERTa 系列。</translation>
    </message>
    <message>
        <source>Choose a model that was trained with masks, such as BERT or RoBERTa.</source>
        <translation>请选择经过遮盖训练的模型，例如 BERT 或 RoBERTa。</translation>
    </message>
    <message>
        <source>Choose a model with both, such as T5, mT5, BART, mBART, Pegasus or Marian, in the Model step.</source>
        <translation>请在“模型”步骤中选择两者兼有的模型，例如 T5、mT5、BART、mBART、Pegasus 或 Marian。</translation>
    </message>
    <message>
        <source>Choose a run that was completed.</source>
        <translation>请选择已完成的运行。</translation>
    </message>
    <message>
        <source>Choose a text model, such as one of the BERT, RoBERTa or DeBERTa family.</source>
        <translation>请选择文本模型，例如 BERT、RoBERTa 或 DeBERTa 系列。</translation>
    </message>
    <message>
        <source>Choose a version without timm (such as the revision no_timm of DETR), YOLOS or RT-DETR.</source>
        <translation>请选择不含 timm 的版本（例如 DETR 的修订版 no_timm）、YOLOS 或 RT-DETR。</translation>
    </message>
    <message>
        <source>Choose an encoder such as BERT, RoBERTa, DistilBERT or ModernBERT in the Model step.</source>
        <translation>请在“模型”步骤中选择编码器，例如 BERT、RoBERTa、DistilBERT 或 ModernBERT。</translation>
    </message>
    <message>
        <source>Choose an encoder such as MiniLM, E5, BERT or RoBERTa in the Model step.</source>
        <translation>请在“模型”步骤中选择编码器，例如 MiniLM、E5、BERT 或 RoBERTa。</translation>
    </message>
    <message>
        <source>Choose an image backbone such as DINOv2, ViT, Swin, ResNet, ConvNeXt or EfficientNet.</source>
        <translation>请选择图像骨干网络，例如 DINOv2、ViT、Swin、ResNet、ConvNeXt 或 EfficientNet。</translation>
    </message>
    <message>
        <source>Choose another backbone in the Model step, such as one of the BERT family.</source>
        <translation>请在“模型”步骤中选择其他骨干网络，例如 BERT 系列。</translation>
    </message>
    <message>
        <source>Choose another backbone in the Model step; the list there shows which ones fit.</source>
        <translation>请在“模型”步骤中选择其他骨干网络；那里的列表会显示哪些适用。</translation>
    </message>
    <message>
        <source>Choose another encoding.</source>
        <translation>请选择其他编码。</translation>
    </message>
    <message>
        <source>Choose another file, or the same model as safetensors.</source>
        <translation>请选择其他文件，或 safetensors 格式的同一模型。</translation>
    </message>
    <message>
        <source>Choose another model, or add it to config.json: of T5 both are 0; of others see their documentation.</source>
        <translation>请选择其他模型，或将其添加到 config.json：T5 的两者均为 0；其他模型请参阅其文档。</translation>
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
        <source>Choose another strategy, such as full fine-tuning.</source>
        <translation>请选择其他策略，例如全量微调。</translation>
    </message>
    <message>
        <source>Choose another task or data with texts, or give a column of texts the role Text in the Data step, under Columns.</source>
        <translation>请选择其他任务或包含文本的数据，或在“数据”步骤的“列”中为文本列指定“文本”角色。</translation>
    </message>
    <message>
        <source>Choose another way to split.</source>
        <translation>请选择其他划分方式。</translation>
    </message>
    <message>
        <source>Choose auto or one of: {known}.</source>
        <translation>请选择 auto 或以下之一：{known}。</translation>
    </message>
    <message>
        <source>Choose its column under Columns (data.roles), or choose data that has one.</source>
        <translation>请在“列”（data.roles）中选择对应的列，或选择含有该列的数据。</translation>
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
        <source>Choose the column that holds the labels, or correct the sign that stands between labels (data.separator).</source>
        <translation>请选择包含标签的列，或更正标签之间的分隔符（data.separator）。</translation>
    </message>
    <message>
        <source>Choose the column that holds what is to be predicted.</source>
        <translation>请选择包含预测目标的列。</translation>
    </message>
    <message>
        <source>Choose the columns with boxes and their labels.</source>
        <translation>请选择框及其标签所在的列。</translation>
    </message>
    <message>
        <source>Choose the file again.</source>
        <translation>请重新选择文件。</translation>
    </message>
    <message>
        <source>Choose the file itself, or write its whole path after three slashes, such as {example}.</source>
        <translation>请选择文件本身，或在三个斜杠之后写出完整路径，例如 {example}。</translation>
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
        <source>Choose the folder of the images.</source>
        <translation>请选择图像所在的文件夹。</translation>
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
        <source>Classification of text pairs</source>
        <translation>文本对分类</translation>
    </message>
    <message>
        <source>Close other programs, lower task.max_length or training.batch_size, or choose a smaller model.</source>
        <translation>请关闭其他程序，调低 task.max_length 或 training.batch_size，或选择更小的模型。</translation>
    </message>
    <message>
        <source>Code of the language as the model writes it, such as en_XX; only models of many languages such as mBART need it.</source>
        <translation>模型写法的语言代码，例如 en_XX；只有 mBART 等多语言模型才需要。</translation>
    </message>
    <message>
        <source>Code of the language of the sources as the model writes it, such as en, en_XX or eng_Latn; only models of many languages need it.</source>
        <translation>源文本语言的代码，按模型的写法，例如 en、en_XX 或 eng_Latn；只有多语言模型才需要。</translation>
    </message>
    <message>
        <source>Code of the language that is written, likewise.</source>
        <translation>写出文本的语言代码，写法同上。</translation>
    </message>
    <message>
        <source>Column &apos;{name}&apos; of {path} holds a message that says not who speaks, or what.</source>
        <translation>{path} 的列“{name}”中有消息未说明说话者或内容。</translation>
    </message>
    <message>
        <source>Column &apos;{name}&apos; of {path} holds bytes that are no picture and no recording.</source>
        <translation>{path} 的列“{name}”含有既不是图像也不是录音的字节。</translation>
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
        <source>ConvNeXt tiny</source>
        <translation>ConvNeXt tiny</translation>
    </message>
    <message>
        <source>Copy of the source</source>
        <translation>照抄源文本</translation>
    </message>
    <message>
        <source>Copy preprocessor_config.json from the original model into the folder.</source>
        <translation>请将原模型的 preprocessor_config.json 复制到该文件夹。</translation>
    </message>
    <message>
        <source>Copy preprocessor_config.json of the original model into the folder.</source>
        <translation>请将原模型的 preprocessor_config.json 复制到该文件夹。</translation>
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
        <source>Cross-validation is not offered for the task {task}: each fold would have to generate or keep too much.</source>
        <translation>任务“{task}”不提供交叉验证：每一折需要生成或保留的内容过多。</translation>
    </message>
    <message>
        <source>Crowds</source>
        <translation>群体</translation>
    </message>
    <message>
        <source>DINOv2 small</source>
        <translation>DINOv2 small</translation>
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
        <source>Difficult objects</source>
        <translation>困难物体</translation>
    </message>
    <message>
        <source>DistilBERT base</source>
        <translation>DistilBERT base</translation>
    </message>
    <message>
        <source>Divide the images differently, or correct the label.</source>
        <translation>请换一种方式划分图像，或更正该标签。</translation>
    </message>
    <message>
        <source>DoRA</source>
        <translation>DoRA</translation>
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
        <source>Drop leaves boxes around a crowd (iscrowd) out; they are counted.</source>
        <translation>drop：排除群体（iscrowd） 的框；会统计其数量。</translation>
    </message>
    <message>
        <source>Drop leaves objects marked as difficult out; they are counted.</source>
        <translation>drop：排除标为困难的物体；会统计其数量。</translation>
    </message>
    <message>
        <source>Dropout</source>
        <translation>Dropout 比例</translation>
    </message>
    <message>
        <source>Dynamic int8</source>
        <translation>动态 int8 量化</translation>
    </message>
    <message>
        <source>Each image belongs to one class: kinds of things, defects, scenes, plants.</source>
        <translation>每张图像属于一个类别：物品种类、缺陷、场景、植物等。</translation>
    </message>
    <message>
        <source>Each line must look like {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}.</source>
        <translation>每一行的形式必须为 {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}。</translation>
    </message>
    <message>
        <source>Each of them counts several times in the score.</source>
        <translation>每一行在得分中都会重复计算多次。</translation>
    </message>
    <message>
        <source>Each pair of texts belongs to one class: entailment, paraphrase, question and answer.</source>
        <translation>每个文本对属于一个类别：蕴含、复述、问题与答案等。</translation>
    </message>
    <message>
        <source>Each recording belongs to one class: sounds, speakers, languages, commands, machine states.</source>
        <translation>每段录音属于一个类别：声音、说话者、语言、指令、机器状态等。</translation>
    </message>
    <message>
        <source>Each text belongs to one class: topics, intents, sentiment, spam.</source>
        <translation>每条文本属于一个类别：主题、意图、情感、垃圾信息等。</translation>
    </message>
    <message>
        <source>Each text belongs to one of several classes that have an order: stars, grades, low to high.</source>
        <translation>每条文本属于若干有顺序的类别之一：星级、等级、从低到高。</translation>
    </message>
    <message>
        <source>Each text may have several labels, or none: topics of an article, emotions, kinds of harm.</source>
        <translation>每条文本可以有多个标签，也可以没有：文章主题、情绪、伤害类型等。</translation>
    </message>
    <message>
        <source>Each word gets a tag: names of people, places and products, or parts of speech.</source>
        <translation>每个词得到一个标记：人名、地名和产品名，或词性。</translation>
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
        <source>Entity F1</source>
        <translation>实体 F1</translation>
    </message>
    <message>
        <source>Entity precision</source>
        <translation>实体精确率</translation>
    </message>
    <message>
        <source>Entity recall</source>
        <translation>实体召回率</translation>
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
        <source>Export the model again; the file is damaged or incomplete.</source>
        <translation>请重新导出模型；文件已损坏或不完整。</translation>
    </message>
    <message>
        <source>Extra sets</source>
        <translation>额外测试集</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
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
        <source>JSON Lines</source>
        <translation>JSON Lines</translation>
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
        <source>Lower the maximum length, or choose a model for long texts.</source>
        <translation>请降低最大长度，或选择适合长文本的模型。</translation>
    </message>
    <message>
        <source>Lower training.learning_rate, set training.precision to fp32, or lower training.gradient_clip.</source>
        <translation>请降低 training.learning_rate，将 training.precision 设为 fp32，或降低 training.gradient_clip。</translation>
    </message>
    <message>
        <source>%</source>
        <translation>%</translation>
    </message>
    <message>
        <source>&apos;{large}&apos; has {most} training rows and &apos;{small}&apos; has {fewest}: {ratio} times as many.</source>
        <translation>“{large}”有 {most} 个训练行，“{small}”有 {fewest} 个：前者是后者的 {ratio} 倍。</translation>
    </message>
    <message>
        <source>&apos;{member}&apos; in the archive {path} cannot be unpacked: {reason}.</source>
        <translation>无法解压压缩包 {path} 中的“{member}”：{reason}。</translation>
    </message>
    <message>
        <source>&apos;{member}&apos; in {path} is a link or another special file.</source>
        <translation>{path} 中的“{member}”是链接或其他特殊文件。</translation>
    </message>
    <message>
        <source>&apos;{member}&apos; in {path} is protected by a password.</source>
        <translation>{path} 中的“{member}”受密码保护。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; is the column of two roles, {role} and {other}.</source>
        <translation>“{name}”列同时担任 {role} 和 {other} 两个角色。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; needs texts with one class each, and the task {task} has none.</source>
        <translation>“{name}”要求每条文本属于一个类别，而任务“{task}”没有这样的文本。</translation>
    </message>
    <message>
        <source>0 reads after the last block. Lower blocks know more about the form of the inputs and less about the pretraining task; those above are left out of the model, which makes it smaller and faster.</source>
        <translation>0：在最后一层之后读取。较低的层更了解输入的形式，与预训练任务关系较小；其上方的层不纳入模型，使模型更小、更快。</translation>
    </message>
    <message>
        <source>1 cuts at once; more cut a part each time, and the network recovers in between, for an epoch at least.</source>
        <translation>1 表示一次剪完；更大的值表示每次剪去一部分，网络在其间恢复，每次至少一轮。</translation>
    </message>
    <message>
        <source>1 is the same as by size; large values come near round-robin.</source>
        <translation>1 相当于按行数；值越大，越接近各任务均等。</translation>
    </message>
    <message>
        <source>1 less the mean difference of the pixels of two images, as small copies.</source>
        <translation>1 减去两张图像缩小副本之间的像素平均差异。</translation>
    </message>
    <message>
        <source>1,797 small images of handwritten digits that come with the program (sample:digits).</source>
        <translation>随程序附带的 1,797 张手写数字小图像（sample:digits）。</translation>
    </message>
    <message>
        <source>4 is half the size again, at a larger loss of accuracy.</source>
        <translation>4 会使大小再减半，但准确率损失更大。</translation>
    </message>
    <message>
        <source>8-bit integers for OpenVINO, an extra: a quarter of the size, and often faster than ONNX Runtime.</source>
        <translation>用于 OpenVINO（可选组件）的 8 位整数：大小为四分之一，且往往比 ONNX Runtime 更快。</translation>
    </message>
    <message>
        <source>A SELECT or the name of a table; auto takes the table if there is only one.</source>
        <translation>SELECT 语句或表名；自动：如果只有一个表，则取该表。</translation>
    </message>
    <message>
        <source>A backbone usually wants less, down to a tenth of the steepest: a high rate lets it forget what it knows, which so short a test cannot see.</source>
        <translation>骨干网络通常需要更低的学习率，可低至下降最快处的十分之一：学习率过高会使其遗忘已有知识，而如此短的试验看不出这一点。</translation>
    </message>
    <message>
        <source>A dataset of the hub by name, such as hub:org/name#test, once it has been downloaded.</source>
        <translation>按名称指定的 Hub 数据集，例如 hub:org/name#test；须先下载。</translation>
    </message>
    <message>
        <source>A file or folder of further texts, which the student learns as the teacher answers them.</source>
        <translation>含有更多文本的文件或文件夹，学生模型按教师的答案学习这些文本。</translation>
    </message>
    <message>
        <source>A file or folder of further texts, which the student learns as the trained model answers them.</source>
        <translation>包含更多文本的文件或文件夹，学生模型按训练好的模型对它们的回答来学习。</translation>
    </message>
    <message>
        <source>A graph of PyTorch is not offered for the task {task}: its models do not answer in a single step, or are backbones of other tasks.</source>
        <translation>任务 {task} 不提供 PyTorch 图：其模型不是单步给出回答，或者是其他任务的骨干模型。</translation>
    </message>
    <message>
        <source>A key beside the right one is hit.</source>
        <translation>误按相邻的键。</translation>
    </message>
    <message>
        <source>A language with fewer rows is not told of.</source>
        <translation>行数少于此值的语言不予报告。</translation>
    </message>
    <message>
        <source>A letter is left out.</source>
        <translation>漏掉一个字母。</translation>
    </message>
    <message>
        <source>A letter is written twice.</source>
        <translation>重复输入一个字母。</translation>
    </message>
    <message>
        <source>A line needs a token, a tab (or a space) and a tag; check the token and tag columns.</source>
        <translation>每一行都需要一个词元、一个制表符（或空格）和一个标记；请检查词元列和标记列。</translation>
    </message>
    <message>
        <source>A line, a paragraph (between empty lines), or the whole document.</source>
        <translation>一行、一个段落（以空行分隔），或整个文档。</translation>
    </message>
    <message>
        <source>A list of objects, at the top of the document or deeper, or an object of columns.</source>
        <translation>位于文档顶层或更深层的对象列表，或由列组成的对象。</translation>
    </message>
    <message>
        <source>A model folder, an earlier run, or a model of the hub that is on this machine.</source>
        <translation>模型文件夹、先前的运行，或本机上已有的模型中心的模型。</translation>
    </message>
    <message>
        <source>A model that knows one language learns little from the others: choose a multilingual one. Dividing by language tells how well it carries over.</source>
        <translation>只懂一种语言的模型很难从其他语言中学到东西：请选择多语言模型。按语言划分可以看出其跨语言迁移的效果。</translation>
    </message>
    <message>
        <source>A narrower network of type {kind} cannot be made of this one.</source>
        <translation>无法由此网络得到类型为 {kind} 的更窄网络。</translation>
    </message>
    <message>
        <source>A network of type {kind} does not answer without some of its heads or neurons as it does with them silenced: it uses them in a way that is not known here.</source>
        <translation>类型为 {kind} 的网络在去掉部分注意力头或神经元后，其回答与将它们静默时不同：它以此处未知的方式使用它们。</translation>
    </message>
    <message>
        <source>A network of type {kind} does not read the target texts.</source>
        <translation>类型为 {kind} 的网络无法读取目标领域文本。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no linear layers that could be rounded.</source>
        <translation>类型为 {kind} 的网络没有可以舍入的线性层。</translation>
    </message>
    <message>
        <source>A new row gets the answer of the training rows that are most similar to it in the features of the backbone; nothing is trained. An answer in seconds, and each one can be traced to rows.</source>
        <translation>新的一行会得到与其骨干模型特征最相似的训练行的答案；不训练任何参数。几秒内即可得到结果，并且每个答案都可以追溯到具体的行。</translation>
    </message>
    <message>
        <source>A quarter of the size and faster on a CPU, at nearly the same accuracy. Needs an int8 step.</source>
        <translation>大小为四分之一，在 CPU 上更快，准确率几乎相同。需要一个 int8 步骤。</translation>
    </message>
    <message>
        <source>A quotation mark in line {line} of {path} is never closed.</source>
        <translation>{path} 第 {line} 行的引号未闭合。</translation>
    </message>
    <message>
        <source>A random part of the image is enlarged to the size of the whole. The most useful change for most images.</source>
        <translation>将图像的随机部分放大到整张大小。对大多数图像而言最有用的变化。</translation>
    </message>
    <message>
        <source>A run does not start with such classes.</source>
        <translation>存在此类类别时，运行不会开始。</translation>
    </message>
    <message>
        <source>A run stops at the first of them.</source>
        <translation>运行会在遇到第一张此类图像时停止。</translation>
    </message>
    <message>
        <source>A scale for each channel</source>
        <translation>每个通道一个缩放因子</translation>
    </message>
    <message>
        <source>A smaller student learns to answer like the trained model: fewer layers, a narrower network, or another model.</source>
        <translation>较小的学生模型学习像训练好的模型那样回答：层数更少、网络更窄，或者换用另一个模型。</translation>
    </message>
    <message>
        <source>A sub-folder a class with .txt files in it; files beside the sub-folders are left out.</source>
        <translation>每个类别一个子文件夹，内含 .txt 文件；与子文件夹同级的文件会被排除。</translation>
    </message>
    <message>
        <source>A value in {path} is nested too deeply.</source>
        <translation>{path} 中有一个值嵌套过深。</translation>
    </message>
    <message>
        <source>A value that the model learns to predict.</source>
        <translation>模型学习预测的数值。</translation>
    </message>
    <message>
        <source>A weight of this network is {largest}, which fp16 cannot hold.</source>
        <translation>此网络的一个权重为 {largest}，fp16 无法表示。</translation>
    </message>
    <message>
        <source>Accuracy lost</source>
        <translation>准确率损失</translation>
    </message>
    <message>
        <source>Across places</source>
        <translation>跨训练、验证和测试数据</translation>
    </message>
    <message>
        <source>Activation-aware</source>
        <translation>激活感知</translation>
    </message>
    <message>
        <source>Add examples, or leave these classes out with the data step drop-rare-classes.</source>
        <translation>请添加样本，或用数据处理步骤 drop-rare-classes 排除这些类别。</translation>
    </message>
    <message>
        <source>Add what is missing, or remove the line.</source>
        <translation>请补全缺少的内容，或移除该行。</translation>
    </message>
    <message>
        <source>All sheets of {path} are empty.</source>
        <translation>{path} 的所有工作表均为空。</translation>
    </message>
    <message>
        <source>All weights in the column &apos;{column}&apos; are zero.</source>
        <translation>列“{column}”中的所有权重均为零。</translation>
    </message>
    <message>
        <source>All {rows} rows of the split {split} have the same tokens as before.</source>
        <translation>划分 {split} 的全部 {rows} 行的词元都与之前相同。</translation>
    </message>
    <message>
        <source>Alpha</source>
        <translation>Alpha 值</translation>
    </message>
    <message>
        <source>Always answering &apos;{large}&apos; is right in {share} % of the rows: accuracy says little, and small classes are neglected. Look at macro F1.</source>
        <translation>总是回答“{large}”即可答对 {share} % 的行：准确率说明不了什么，小类别会被忽视。请查看宏平均 F1。</translation>
    </message>
    <message>
        <source>American, British, Chinese and French ones; replaced by [ID].</source>
        <translation>美国、英国、中国和法国的证件号码；替换为 [ID]。</translation>
    </message>
    <message>
        <source>An SQLite file, or any database by its SQLAlchemy URL; it is only read.</source>
        <translation>SQLite 文件，或以 SQLAlchemy URL 指定的任意数据库；只读取，不写入。</translation>
    </message>
    <message>
        <source>An image file.</source>
        <translation>图像文件。</translation>
    </message>
    <message>
        <source>Answer starts</source>
        <translation>答案起始位置</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>答案</translation>
    </message>
    <message>
        <source>Applies a few of 14 operations at one strength: turns, shifts, shears, colours, contrast, sharpness. A strong choice with two numbers to set.</source>
        <translation>以同一强度应用 14 种操作中的几种：旋转、平移、错切、颜色、对比度、锐度。效果强，只需设置两个数值。</translation>
    </message>
    <message>
        <source>Arrow or Feather</source>
        <translation>Arrow 或 Feather</translation>
    </message>
    <message>
        <source>At least {percent} % of the attention and feed-forward layers remain with these choices.</source>
        <translation>按这些选择，至少会保留 {percent} % 的注意力层和前馈层。</translation>
    </message>
    <message>
        <source>At line {line} of {path} one text would be longer than {limit} million characters.</source>
        <translation>在 {path} 的第 {line} 行，一条文本将超过 {limit} 百万个字符。</translation>
    </message>
    <message>
        <source>Attention layers</source>
        <translation>注意力层</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>增强</translation>
    </message>
    <message>
        <source>Backbone beside them</source>
        <translation>附带骨干网络</translation>
    </message>
    <message>
        <source>Bank accounts</source>
        <translation>银行账号</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>批次</translation>
    </message>
    <message>
        <source>Between several labels in one cell.</source>
        <translation>用于分隔同一单元格中的多个标签。</translation>
    </message>
    <message>
        <source>Bilingual file: a word, a tab, and its translations with commas between them; or CSV or JSON.</source>
        <translation>双语文件：一个词、一个制表符及其译词（以逗号分隔）；也可以是 CSV 或 JSON。</translation>
    </message>
    <message>
        <source>Bits of a weight</source>
        <translation>每个权重的位数</translation>
    </message>
    <message>
        <source>Blends pairs of images and of their labels. Smooths the model&apos;s answers; takes more epochs.</source>
        <translation>将成对的图像及其标签混合。使模型的答案更平滑；需要更多轮次。</translation>
    </message>
    <message>
        <source>Blur</source>
        <translation>模糊</translation>
    </message>
    <message>
        <source>Blurs the image a little, as a camera out of focus does. Not where fine detail decides.</source>
        <translation>使图像略微模糊，如同相机失焦。不适用于由细节决定类别的情形。</translation>
    </message>
    <message>
        <source>Brightness</source>
        <translation>亮度</translation>
    </message>
    <message>
        <source>Bring texts into one form</source>
        <translation>统一文本形式</translation>
    </message>
    <message>
        <source>Brings equal characters into one form (NFC), such as é.</source>
        <translation>将等价的字符统一为一种形式（NFC），例如 é。</translation>
    </message>
    <message>
        <source>Broken and tiny images, images turned by the camera, and mixed sizes and kinds.</source>
        <translation>损坏和过小的图像、被相机旋转的图像，以及混杂的尺寸和种类。</translation>
    </message>
    <message>
        <source>Broken characters</source>
        <translation>损坏的字符</translation>
    </message>
    <message>
        <source>Builds the text from several columns, such as &apos;{title}: {body}&apos;.</source>
        <translation>由多列拼成文本，例如“{title}: {body}”。</translation>
    </message>
    <message>
        <source>Bundle to deploy (zip)</source>
        <translation>用于部署的软件包（zip）</translation>
    </message>
    <message>
        <source>By column</source>
        <translation>依据的列</translation>
    </message>
    <message>
        <source>By how much another label must be more probable than the given one (normalised margin).</source>
        <translation>另一标签的概率须比所给标签高出多少（归一化间隔）。</translation>
    </message>
    <message>
        <source>Calibration</source>
        <translation>校准</translation>
    </message>
    <message>
        <source>Calibration rows</source>
        <translation>校准行数</translation>
    </message>
    <message>
        <source>Call the column with the file names file_name.</source>
        <translation>请将文件名所在的列命名为 file_name。</translation>
    </message>
    <message>
        <source>Candidates</source>
        <translation>候选词数</translation>
    </message>
    <message>
        <source>Card numbers</source>
        <translation>银行卡号</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>大小写</translation>
    </message>
    <message>
        <source>Case noise</source>
        <translation>大小写噪声</translation>
    </message>
    <message>
        <source>Cell {cell} of sheet &apos;{sheet}&apos; in {path} is empty, but there are values below it.</source>
        <translation>{path} 中工作表“{sheet}”的单元格 {cell} 为空，但其下方有值。</translation>
    </message>
    <message>
        <source>Cell {cell} of sheet &apos;{sheet}&apos; in {path} repeats the column name &apos;{name}&apos;.</source>
        <translation>{path} 中工作表“{sheet}”的单元格 {cell} 重复了列名“{name}”。</translation>
    </message>
    <message>
        <source>Chance of each word to be left out. At least one goes, and at least one stays.</source>
        <translation>每个词被删去的概率。至少删去一个，也至少保留一个。</translation>
    </message>
    <message>
        <source>Changed copies of training rows; validation and test stay untouched.</source>
        <translation>训练行经改动的副本；验证行和测试行保持不变。</translation>
    </message>
    <message>
        <source>Changed copies that are added for each training row.</source>
        <translation>为每个训练行添加的改动副本数。</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>改动次数</translation>
    </message>
    <message>
        <source>Changes brightness, contrast, saturation and hue. Not where the colour decides, such as ripe or unripe.</source>
        <translation>改变亮度、对比度、饱和度和色相。不适用于由颜色决定类别的情形，例如成熟或未成熟。</translation>
    </message>
    <message>
        <source>Changes capitals. Does nothing for a backbone that reads lower case only, nor for scripts without case.</source>
        <translation>改变字母大小写。对只读取小写的骨干网络和不分大小写的文字不起作用。</translation>
    </message>
    <message>
        <source>Changes for each word of a text; there is at least one.</source>
        <translation>文本中平均每个词的改动次数；至少改动一次。</translation>
    </message>
    <message>
        <source>Check answers</source>
        <translation>核对答案</translation>
    </message>
    <message>
        <source>Check the name, the network, and that the token may write there.</source>
        <translation>请检查名称和网络，以及该令牌是否有权写入那里。</translation>
    </message>
    <message>
        <source>Checks</source>
        <translation>检查项</translation>
    </message>
    <message>
        <source>Choose a bilingual dictionary file, or leave this augmentation out.</source>
        <translation>请选择双语词典文件，或不使用此项增强。</translation>
    </message>
    <message>
        <source>Choose a file that &apos;tlstudio runs export&apos; has written.</source>
        <translation>请选择由“tlstudio runs export”写出的文件。</translation>
    </message>
    <message>
        <source>Choose a file with texts of the target domain in the Strategy step, or remove the regulariser.</source>
        <translation>请在“策略”步骤中选择含有目标领域文本的文件，或移除该正则化方法。</translation>
    </message>
    <message>
        <source>Choose a file, or another source.</source>
        <translation>请选择文件，或选择其他来源。</translation>
    </message>
    <message>
        <source>Choose a folder elsewhere.</source>
        <translation>请选择其他位置的文件夹。</translation>
    </message>
    <message>
        <source>Choose a folder with texts, images or a labelled file.</source>
        <translation>请选择包含文本、图像或标注文件的文件夹。</translation>
    </message>
    <message>
        <source>Choose a smaller length.</source>
        <translation>请选择更小的长度。</translation>
    </message>
    <message>
        <source>Choose a smaller unit: paragraph or line.</source>
        <translation>请选择更小的单位：段落或行。</translation>
    </message>
    <message>
        <source>Choose a student with fewer layers, or another model.</source>
        <translation>请选择层数更少的学生模型，或另一个模型。</translation>
    </message>
    <message>
        <source>Choose a student with the same tokenizer, or one that is made of the trained model.</source>
        <translation>请选择使用相同分词器的学生模型，或由训练好的模型得到的学生模型。</translation>
    </message>
    <message>
        <source>Choose a version of the model with model.safetensors; do not trust this file.</source>
        <translation>请选择带有 model.safetensors 的模型版本；不要信任此文件。</translation>
    </message>
    <message>
        <source>Choose a version of the model with model.safetensors; or have it converted in a process that may do nothing else: tlstudio convert &quot;{path}&quot;</source>
        <translation>请选择带有 model.safetensors 的模型版本；或在只能执行转换的受限进程中转换：tlstudio convert &quot;{path}&quot;</translation>
    </message>
    <message>
        <source>Choose a workbook with a header and rows.</source>
        <translation>请选择带表头和数据行的工作簿。</translation>
    </message>
    <message>
        <source>Choose an archive with data in it.</source>
        <translation>请选择包含数据的压缩包。</translation>
    </message>
    <message>
        <source>Choose an encoder such as BERT, RoBERTa, DistilBERT or ModernBERT, or remove the adaptation.</source>
        <translation>请选择编码器，例如 BERT、RoBERTa、DistilBERT 或 ModernBERT，或移除领域适应。</translation>
    </message>
    <message>
        <source>Choose an image backbone such as DINOv2 or ViT.</source>
        <translation>请选择图像骨干网络，例如 DINOv2 或 ViT。</translation>
    </message>
    <message>
        <source>Choose another augmentation, or a backbone that keeps this head, such as an original BERT or RoBERTa.</source>
        <translation>请选择其他增强，或选择保留此预测头的骨干网络，例如原版 BERT 或 RoBERTa。</translation>
    </message>
    <message>
        <source>Choose another backbone, such as one of the BERT, RoBERTa or DeBERTa family.</source>
        <translation>请选择其他骨干网络，例如 BERT、RoBERTa 或 DeBERTa 系列。</translation>
    </message>
    <message>
        <source>Choose another chain of steps.</source>
        <translation>请选择另一个步骤链。</translation>
    </message>
    <message>
        <source>Choose another column or method, or add data.</source>
        <translation>请选择其他列或方法，或添加数据。</translation>
    </message>
    <message>
        <source>Choose another column.</source>
        <translation>请选择其他列。</translation>
    </message>
    <message>
        <source>Choose another compression step, such as layer removal.</source>
        <translation>请选择另一个压缩步骤，例如移除层。</translation>
    </message>
    <message>
        <source>Choose another compression step, such as static int8 for networks of convolutions.</source>
        <translation>请选择另一个压缩步骤，例如适用于卷积网络的静态 int8。</translation>
    </message>
    <message>
        <source>Choose another compression step, such as static int8.</source>
        <translation>请选择另一个压缩步骤，例如静态 int8。</translation>
    </message>
    <message>
        <source>Choose another compression step.</source>
        <translation>请选择另一个压缩步骤。</translation>
    </message>
    <message>
        <source>Choose another database.</source>
        <translation>请选择其他数据库。</translation>
    </message>
    <message>
        <source>Choose another dataset, or save its data in one of these formats; code of a dataset is never run.</source>
        <translation>请选择其他数据集，或将其数据另存为上述格式之一；数据集中的代码绝不会被运行。</translation>
    </message>
    <message>
        <source>Choose another disk, or clean first.</source>
        <translation>请选择其他磁盘，或先清理。</translation>
    </message>
    <message>
        <source>Choose another field; what to compare may be changed by hand.</source>
        <translation>请选择其他字段；要对比的内容可手动更改。</translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>Choose another folder, or go on with the same recipe and the same fields.</source>
        <translation>请选择其他文件夹，或用相同的配方和字段继续。</translation>
    </message>
    <message>
        <source>Choose another kind of data, or auto.</source>
        <translation>请选择其他数据类型，或选择自动。</translation>
    </message>
    <message>
        <source>Choose another model.</source>
        <translation>请选择其他模型。</translation>
    </message>
    <message>
        <source>Choose another objective, or remove it in the Strategy step.</source>
        <translation>请选择其他训练目标，或在“策略”步骤中将其移除。</translation>
    </message>
    <message>
        <source>Choose another pattern, or zeros anywhere.</source>
        <translation>请选择另一种模式，或选择任意位置置零。</translation>
    </message>
    <message>
        <source>Choose another port with --port, or another address.</source>
        <translation>请用 --port 选择另一个端口，或选择另一个地址。</translation>
    </message>
    <message>
        <source>Choose another run, or a backbone for this task.</source>
        <translation>请选择其他运行，或适合此任务的骨干网络。</translation>
    </message>
    <message>
        <source>Choose another sign in data.separator.</source>
        <translation>请在 data.separator 中选择其他分隔符。</translation>
    </message>
    <message>
        <source>Choose another strategy, such as LoRA.</source>
        <translation>请选择其他策略，例如 LoRA。</translation>
    </message>
    <message>
        <source>Choose another strategy, such as linear probe.</source>
        <translation>请选择其他策略，例如线性探测。</translation>
    </message>
    <message>
        <source>Choose another strategy.</source>
        <translation>请选择其他策略。</translation>
    </message>
    <message>
        <source>Choose another way to split, or other data for the adaptation.</source>
        <translation>请选择其他划分方式，或为领域适应选择其他数据。</translation>
    </message>
    <message>
        <source>Choose data with labelled rows.</source>
        <translation>请选择带有标注行的数据。</translation>
    </message>
    <message>
        <source>Choose labelled data in the Data step, or set data.path.</source>
        <translation>请在“数据”步骤中选择标注数据，或设置 data.path。</translation>
    </message>
    <message>
        <source>Choose labelled data.</source>
        <translation>请选择标注数据。</translation>
    </message>
    <message>
        <source>Choose one in the Model step, or choose another augmentation.</source>
        <translation>请在“模型”步骤中选择骨干网络，或选择其他增强。</translation>
    </message>
    <message>
        <source>Choose one of the list that &apos;tlstudio runs list&apos; prints, or the folder of a run.</source>
        <translation>请从“tlstudio runs list”列出的运行中选择，或选择某次运行的文件夹。</translation>
    </message>
    <message>
        <source>Choose one or more in data.split.test_values.</source>
        <translation>请在 data.split.test_values 中选择一个或多个值。</translation>
    </message>
    <message>
        <source>Choose one; to build a text from several columns, use a template.</source>
        <translation>请只选择一列；要由多列拼成文本，请使用模板。</translation>
    </message>
    <message>
        <source>Choose the column in data.split.by.</source>
        <translation>请在 data.split.by 中选择该列。</translation>
    </message>
    <message>
        <source>Choose the dotted path of the list that holds the rows, or auto.</source>
        <translation>请选择包含数据行的列表的点分路径，或选择自动。</translation>
    </message>
    <message>
        <source>Choose the folder of a model with config.json and its weights.</source>
        <translation>请选择包含 config.json 和权重的模型文件夹。</translation>
    </message>
    <message>
        <source>Choose the teacher&apos;s run as the model (model.source: run); or a student of its own backbone that learns from answers alone.</source>
        <translation>请选择教师的运行作为模型（model.source: run）；或选择使用自己的骨干网络、仅从答案中学习的学生模型。</translation>
    </message>
    <message>
        <source>Choose their magnitude as importance.</source>
        <translation>请选择以权重大小作为重要性。</translation>
    </message>
    <message>
        <source>Choose to prune both, or another compression step.</source>
        <translation>请选择两者都剪枝，或另一个压缩步骤。</translation>
    </message>
    <message>
        <source>Choose two runs or more.</source>
        <translation>请选择两次或更多次运行。</translation>
    </message>
    <message>
        <source>Choose values that occur.</source>
        <translation>请选择实际出现的值。</translation>
    </message>
    <message>
        <source>Classes</source>
        <translation>类别</translation>
    </message>
    <message>
        <source>Classes draws rows so that every class is seen equally often.</source>
        <translation>classes：抽取行时使每个类别出现的次数相同。</translation>
    </message>
    <message>
        <source>Classes of very different size.</source>
        <translation>各类别的大小相差悬殊。</translation>
    </message>
    <message>
        <source>Classes with fewer rows in the training place are left out, from the other places too.</source>
        <translation>训练数据中行数少于此值的类别会被排除，在其他数据中也一并排除。</translation>
    </message>
    <message>
        <source>Classes with fewer rows in the training place are rare.</source>
        <translation>训练数据中行数少于此值的类别视为稀有类别。</translation>
    </message>
    <message>
        <source>Classes with too few rows to be learnt and tested.</source>
        <translation>行数过少、无法同时用于训练和测试的类别。</translation>
    </message>
    <message>
        <source>Close it there first, or save under another name.</source>
        <translation>请先在另一窗口中关闭它，或用其他名称保存。</translation>
    </message>
    <message>
        <source>Close it, or remove it.</source>
        <translation>请补全引号，或将其移除。</translation>
    </message>
    <message>
        <source>Close other programs, or lower training.batch_size or task.max_length; then resume or start again.</source>
        <translation>请关闭其他程序，或调低 training.batch_size 或 task.max_length；然后继续或重新开始。</translation>
    </message>
    <message>
        <source>Close other windows of TLStudio, then try again.</source>
        <translation>请关闭 TLStudio 的其他窗口，然后重试。</translation>
    </message>
    <message>
        <source>Close the program that writes to it, then try again.</source>
        <translation>请关闭正在写入它的程序，然后重试。</translation>
    </message>
    <message>
        <source>CoNLL</source>
        <translation>CoNLL</translation>
    </message>
    <message>
        <source>Codes of ISO 639 such as en and de; without any, all texts stay.</source>
        <translation>ISO 639 语言代码，例如 en 和 de；不填则保留所有文本。</translation>
    </message>
    <message>
        <source>Colour jitter</source>
        <translation>色彩抖动</translation>
    </message>
    <message>
        <source>Column</source>
        <translation>列</translation>
    </message>
    <message>
        <source>Column &apos;{name}&apos; of {path} is damaged: {reason}</source>
        <translation>{path} 的列“{name}”已损坏：{reason}</translation>
    </message>
    <message>
        <source>Column for grouped, time, held-out and column.</source>
        <translation>用于 grouped、time、held-out 和 column 方法的列。</translation>
    </message>
    <message>
        <source>Column: gain</source>
        <translation>列：增益</translation>
    </message>
    <message>
        <source>Columns and words that alone predict the label almost perfectly.</source>
        <translation>仅凭自身就能近乎完美地预测标签的列和词。</translation>
    </message>
    <message>
        <source>Commit, tag or branch; auto takes the main branch.</source>
        <translation>提交、标签或分支；自动：取主分支。</translation>
    </message>
    <message>
        <source>Compare its results with those stated by its makers, or choose another model.</source>
        <translation>请将其结果与制作者公布的结果对比，或选择其他模型。</translation>
    </message>
    <message>
        <source>Compare runs with the same data and the same split.</source>
        <translation>请比较数据相同且划分相同的运行。</translation>
    </message>
    <message>
        <source>Compressing: {title}.</source>
        <translation>正在压缩：{title}。</translation>
    </message>
    <message>
        <source>Compute in fp32, or use bf16 or an int8 step.</source>
        <translation>请用 fp32 计算，或使用 bf16 或 int8 步骤。</translation>
    </message>
    <message>
        <source>Computed in</source>
        <translation>计算精度</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>配置</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Continual learning goes on from an earlier run, and the chosen model is not a run.</source>
        <translation>持续学习须从较早的运行继续，而所选模型不是运行。</translation>
    </message>
    <message>
        <source>Contradictions</source>
        <translation>矛盾标注</translation>
    </message>
    <message>
        <source>Contrast</source>
        <translation>对比度</translation>
    </message>
    <message>
        <source>Contrastive few-shot</source>
        <translation>对比式少样本学习</translation>
    </message>
    <message>
        <source>Contrastive sentences (SimCSE)</source>
        <translation>句子对比学习（SimCSE）</translation>
    </message>
    <message>
        <source>Copies</source>
        <translation>副本数</translation>
    </message>
    <message>
        <source>Copy it from huggingface.co/settings/tokens.</source>
        <translation>请从 huggingface.co/settings/tokens 复制令牌。</translation>
    </message>
    <message>
        <source>Copy the file again from the original model, or choose another model.</source>
        <translation>请从原模型重新复制该文件，或选择其他模型。</translation>
    </message>
    <message>
        <source>Copy the tokenizer files of the original model into the folder: tokenizer.json, or all files of its vocabulary.</source>
        <translation>请将原模型的分词器文件复制到该文件夹：tokenizer.json，或其词表的全部文件。</translation>
    </message>
    <message>
        <source>Copy tlstudio.json from where the model was made, or train it again.</source>
        <translation>请从生成该模型的位置复制 tlstudio.json，或重新训练模型。</translation>
    </message>
    <message>
        <source>Copy tokenizer.json from the original model, or choose another model.</source>
        <translation>请从原模型复制 tokenizer.json，或选择其他模型。</translation>
    </message>
    <message>
        <source>Corners</source>
        <translation>边角填充</translation>
    </message>
    <message>
        <source>Correct answer_start (characters are counted from 0), or set data.check_answers to no.</source>
        <translation>请更正 answer_start（字符从 0 开始计数），或将 data.check_answers 设为 no。</translation>
    </message>
    <message>
        <source>Correct labels</source>
        <translation>更正标签</translation>
    </message>
    <message>
        <source>Correct the beginnings (characters are counted from 0), or leave the rows out with the data step drop-flawed.</source>
        <translation>请更正起始位置（字符从 0 开始计数），或用数据处理步骤 drop-flawed 排除这些行。</translation>
    </message>
    <message>
        <source>Correct the document there, or save it again from its source.</source>
        <translation>请更正文档中的该处，或从来源重新保存。</translation>
    </message>
    <message>
        <source>Correct the document, or save it again from its source.</source>
        <translation>请更正文档，或从来源重新保存。</translation>
    </message>
    <message>
        <source>Correct the formulas, or clear these cells.</source>
        <translation>请更正公式，或清空这些单元格。</translation>
    </message>
    <message>
        <source>Correct the query, or check the database.</source>
        <translation>请更正查询，或检查数据库。</translation>
    </message>
    <message>
        <source>Country</source>
        <translation>国家</translation>
    </message>
    <message>
        <source>Credit and debit cards; replaced by [CARD].</source>
        <translation>信用卡和借记卡；替换为 [CARD]。</translation>
    </message>
    <message>
        <source>Cut texts</source>
        <translation>被截断的文本</translation>
    </message>
    <message>
        <source>CutMix</source>
        <translation>CutMix</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Data steps</source>
        <translation>数据处理步骤</translation>
    </message>
    <message>
        <source>Data that says itself which rows are for training and which for the test, where that is not followed.</source>
        <translation>数据自身已指明哪些行用于训练、哪些用于测试，但未按其执行的情况。</translation>
    </message>
    <message>
        <source>Database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>Decay</source>
        <translation>衰减系数</translation>
    </message>
    <message>
        <source>Decoupled decay of the weights.</source>
        <translation>解耦的权重衰减。</translation>
    </message>
    <message>
        <source>Delete it for good, or delete its folder yourself.</source>
        <translation>请永久删除，或自行删除其文件夹。</translation>
    </message>
    <message>
        <source>Delete stray values far from the table, or save the sheet as CSV.</source>
        <translation>请删除远离表格的零散值，或将工作表另存为 CSV。</translation>
    </message>
    <message>
        <source>Denoising (TSDAE)</source>
        <translation>去噪（TSDAE）</translation>
    </message>
    <message>
        <source>Dictionary</source>
        <translation>词典</translation>
    </message>
    <message>
        <source>Distillation</source>
        <translation>知识蒸馏</translation>
    </message>
    <message>
        <source>Divide it into several files; they can be read as one.</source>
        <translation>请将其拆分为多个文件；这些文件可以合并读取。</translation>
    </message>
    <message>
        <source>Divide it, or choose the file itself as plain text.</source>
        <translation>请将其拆分，或将该文件本身作为纯文本选择。</translation>
    </message>
    <message>
        <source>Divide the rows as the column says</source>
        <translation>按该列的指定划分数据行</translation>
    </message>
    <message>
        <source>Divides alpha by the root of the rank instead of the rank (rsLoRA): for ranks above 32.</source>
        <translation>用 alpha 除以秩的平方根，而不是除以秩（rsLoRA）：适用于秩大于 32 的情形。</translation>
    </message>
    <message>
        <source>Do not use the column</source>
        <translation>不使用该列</translation>
    </message>
    <message>
        <source>Domain-adversarial (DANN)</source>
        <translation>领域对抗（DANN）</translation>
    </message>
    <message>
        <source>Dotted path of the list of rows, such as data.items; a dot is the top.</source>
        <translation>数据行列表的点分路径，例如 data.items；单个点表示顶层。</translation>
    </message>
    <message>
        <source>Doubled letters</source>
        <translation>重复的字母</translation>
    </message>
    <message>
        <source>Download it in the Data step, or with: tlstudio download-data {arguments}</source>
        <translation>请在“数据”步骤中下载，或使用命令：tlstudio download-data {arguments}</translation>
    </message>
    <message>
        <source>Download one in the Model step, or name the folder of one.</source>
        <translation>请在“模型”步骤中下载一个，或指定某个骨干网络的文件夹。</translation>
    </message>
    <message>
        <source>Download the dataset again; do not use another copy if you cannot explain the difference.</source>
        <translation>请重新下载数据集；如果无法解释差异，请勿使用其他副本。</translation>
    </message>
    <message>
        <source>Drop</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Drop a model folder, labelled data or a project.</source>
        <translation>请拖入模型文件夹、标注数据或项目。</translation>
    </message>
    <message>
        <source>Drop addresses</source>
        <translation>删除网址</translation>
    </message>
    <message>
        <source>Drop control characters</source>
        <translation>删除控制字符</translation>
    </message>
    <message>
        <source>Drop mentions</source>
        <translation>删除提及</translation>
    </message>
    <message>
        <source>Drop retweet marks</source>
        <translation>删除转发标记</translation>
    </message>
    <message>
        <source>Drop them</source>
        <translation>删除这些字符</translation>
    </message>
    <message>
        <source>Dropped letters</source>
        <translation>漏打的字母</translation>
    </message>
    <message>
        <source>Duplicate images</source>
        <translation>重复图像</translation>
    </message>
    <message>
        <source>Duplicates</source>
        <translation>重复项</translation>
    </message>
    <message>
        <source>E-mail addresses</source>
        <translation>电子邮件地址</translation>
    </message>
    <message>
        <source>E-mail addresses, phone, card, bank account and identity numbers in texts.</source>
        <translation>文本中的电子邮件地址、电话号码、银行卡号、银行账号和证件号码。</translation>
    </message>
    <message>
        <source>EMA forgets old weights exponentially; SWA is the plain mean of all steps after its start.</source>
        <translation>EMA 按指数遗忘旧权重；SWA 是起点之后所有步的算术平均。</translation>
    </message>
    <message>
        <source>Each batch is seen a second time with the embeddings moved to where the loss grows fastest. More robust answers, at twice the time.</source>
        <translation>每一批再训练一次，并将嵌入向损失增长最快的方向移动。答案更稳健，耗时加倍。</translation>
    </message>
    <message>
        <source>Each batch passes the network twice, and the two answers, which differ by their dropout, are drawn together. Often a little more accurate, at twice the time.</source>
        <translation>每一批通过网络两次，使两次因 dropout 而不同的答案相互靠拢。通常准确率略高，耗时加倍。</translation>
    </message>
    <message>
        <source>Each block trains at this share of the rate of the block above it; 1 trains all at one rate.</source>
        <translation>每一层的学习率是其上一层的这一比例；1 表示所有层学习率相同。</translation>
    </message>
    <message>
        <source>Each block trains at this share of the rate of the block above it; the paper takes 1 / 2.6.</source>
        <translation>每一层的学习率是其上一层的这一比例；论文取 1 / 2.6。</translation>
    </message>
    <message>
        <source>Each class is the mean of its rows&apos; features, and a new row belongs to the nearest one; nothing is trained. An answer in seconds from a handful of rows.</source>
        <translation>每个类别用其各行特征的均值表示，新的行归入最近的类别；不做任何训练。只需少量数据行，几秒即可得到结果。</translation>
    </message>
    <message>
        <source>Each line needs the same columns, separated by one tab (or by spaces if there is no tab).</source>
        <translation>每行都需要相同的列，以一个制表符分隔（没有制表符时以空格分隔）。</translation>
    </message>
    <message>
        <source>Each message needs role and content, and one of them the role assistant; the data step drop-flawed leaves the others out.</source>
        <translation>每条消息都需要 role 和 content，并且其中一条的角色须为 assistant；数据处理步骤 drop-flawed 会排除其余的行。</translation>
    </message>
    <message>
        <source>Each row must look like {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}.</source>
        <translation>每行的格式必须为 {{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}。</translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation>嵌入层</translation>
    </message>
    <message>
        <source>Energy</source>
        <translation>能量</translation>
    </message>
    <message>
        <source>Enlarged to what the model reads they are a blur; they may be icons or failed downloads.</source>
        <translation>放大到模型读取的尺寸后会变得模糊；它们可能是图标或下载失败的文件。</translation>
    </message>
    <message>
        <source>Epoch at which each block opens, from the uppermost to the embeddings; empty spreads them over the first half of the training.</source>
        <translation>各层解冻的轮次，从最上层到嵌入层；留空则均匀分布在训练的前半段。</translation>
    </message>
    <message>
        <source>Epochs on the labelled rows alone before target texts join.</source>
        <translation>加入目标文本之前，仅用标注行训练的轮数。</translation>
    </message>
    <message>
        <source>Every other one; those nearest to the answer; or those that change least of what passes through them on the user&apos;s rows.</source>
        <translation>每隔一层；最靠近回答的层；或在用户的数据行上对所经过的内容改变最小的层。</translation>
    </message>
    <message>
        <source>Every row needs the same few keys; keys that are values, such as numbers, belong into a field.</source>
        <translation>每行都需要相同的少数几个键；本身是值（例如编号）的键应放入字段中。</translation>
    </message>
    <message>
        <source>Excel or OpenDocument</source>
        <translation>Excel 或 OpenDocument</translation>
    </message>
    <message>
        <source>ExecuTorch (.pte)</source>
        <translation>ExecuTorch 程序（.pte）</translation>
    </message>
    <message>
        <source>ExecuTorch is not installed.</source>
        <translation>未安装 ExecuTorch。</translation>
    </message>
    <message>
        <source>ExecuTorch is not offered for the task {task}: its models do not answer in a single step, or are backbones of other tasks.</source>
        <translation>任务“{task}”不提供 ExecuTorch：其模型不能一步给出答案，或者是供其他任务使用的骨干网络。</translation>
    </message>
    <message>
        <source>Explore the frontier first; &apos;tlstudio frontier&apos; lists its points.</source>
        <translation>请先探索前沿；“tlstudio frontier”会列出其中的点。</translation>
    </message>
    <message>
        <source>Export it again, or copy it again.</source>
        <translation>请重新导出，或重新复制。</translation>
    </message>
    <message>
        <source>Export it when it has ended.</source>
        <translation>请在运行结束后导出。</translation>
    </message>
    <message>
        <source>Export the model again; the file is damaged or incomplete, or of another version of ExecuTorch.</source>
        <translation>请重新导出模型；文件已损坏或不完整，或来自其他版本的 ExecuTorch。</translation>
    </message>
    <message>
        <source>Export the model again; the file is damaged or incomplete, or of another version of PyTorch.</source>
        <translation>请重新导出模型；文件已损坏或不完整，或来自另一版本的 PyTorch。</translation>
    </message>
    <message>
        <source>Export the model as it is.</source>
        <translation>请按原样导出模型。</translation>
    </message>
    <message>
        <source>FROM python:{python}-slim
WORKDIR /bundle
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534
EXPOSE 8000
HEALTHCHECK CMD [&quot;python&quot;, &quot;-c&quot;, &quot;import urllib.request as u; u.urlopen(&apos;http://127.0.0.1:8000/health&apos;, timeout=3)&quot;]
CMD [&quot;python&quot;, &quot;server.py&quot;, &quot;--host&quot;, &quot;0.0.0.0&quot;]
</source>
        <translation>FROM python:{python}-slim
WORKDIR /bundle
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65534
EXPOSE 8000
HEALTHCHECK CMD [&quot;python&quot;, &quot;-c&quot;, &quot;import urllib.request as u; u.urlopen(&apos;http://127.0.0.1:8000/health&apos;, timeout=3)&quot;]
CMD [&quot;python&quot;, &quot;server.py&quot;, &quot;--host&quot;, &quot;0.0.0.0&quot;]
</translation>
    </message>
    <message>
        <source>Factor from 1 - value to 1 + value.</source>
        <translation>系数范围为 1 - 该值至 1 + 该值。</translation>
    </message>
    <message>
        <source>Factorised {count} layers, at ranks {lowest} to {highest}: {before} million parameters became {after} million.</source>
        <translation>已对 {count} 层进行低秩分解，秩为 {lowest} 到 {highest}：参数由 {before} 百万变为 {after} 百万。</translation>
    </message>
    <message>
        <source>Factorises queries, keys, values and outputs.</source>
        <translation>分解查询、键、值和输出。</translation>
    </message>
    <message>
        <source>Factorises the vectors of tokens, as ALBERT does.</source>
        <translation>像 ALBERT 那样分解词元的向量。</translation>
    </message>
    <message>
        <source>Factorises those between the attention layers.</source>
        <translation>分解注意力层之间的那些层。</translation>
    </message>
    <message>
        <source>Falling takes the weight to 0 at the end of the training.</source>
        <translation>falling：权重逐渐减小，到训练结束时为 0。</translation>
    </message>
    <message>
        <source>Farthest</source>
        <translation>最远距离</translation>
    </message>
    <message>
        <source>Feed-forward layers</source>
        <translation>前馈层</translation>
    </message>
    <message>
        <source>Fewer make the vector hold more of the text.</source>
        <translation>层数越少，向量必须保留的文本内容越多。</translation>
    </message>
    <message>
        <source>Fewest letters</source>
        <translation>最少字母数</translation>
    </message>
    <message>
        <source>Fewest pixels</source>
        <translation>最少像素数</translation>
    </message>
    <message>
        <source>Fewest rows</source>
        <translation>最少行数</translation>
    </message>
    <message>
        <source>File of synonyms: a word, a tab, and others with commas between them; or CSV or JSON. Empty takes the nearest words of the backbone, which are rougher: opposites may be among them.</source>
        <translation>同义词文件：一个词、一个制表符及其他词（以逗号分隔）；也可以是 CSV 或 JSON。留空则取骨干网络中最近的词，结果较粗糙：其中可能有反义词。</translation>
    </message>
    <message>
        <source>File, folder or hub:name with texts of the domain that the model is to work in; no labels needed.</source>
        <translation>含有模型应用领域文本的文件、文件夹或 hub:name；无需标签。</translation>
    </message>
    <message>
        <source>File, folder, hub:name or database; training rows if other files are given.</source>
        <translation>文件、文件夹、hub:name 或数据库；如果另外指定了其他文件，则只作为训练行。</translation>
    </message>
    <message>
        <source>Files that are read as one need the same columns.</source>
        <translation>合并读取的多个文件需要有相同的列。</translation>
    </message>
    <message>
        <source>Fill them in, or leave them out with the data step drop-empty.</source>
        <translation>请补全这些行，或用数据处理步骤 drop-empty 排除。</translation>
    </message>
    <message>
        <source>Filled with</source>
        <translation>填充内容</translation>
    </message>
    <message>
        <source>First epoch</source>
        <translation>起始轮次</translation>
    </message>
    <message>
        <source>First share</source>
        <translation>初始比例</translation>
    </message>
    <message>
        <source>Flaws of images</source>
        <translation>图像缺陷</translation>
    </message>
    <message>
        <source>Flip</source>
        <translation>翻转</translation>
    </message>
    <message>
        <source>Folder of images</source>
        <translation>图像文件夹</translation>
    </message>
    <message>
        <source>Folder of texts</source>
        <translation>文本文件夹</translation>
    </message>
    <message>
        <source>Folder takes the name of the sub-folder as the class; none takes none.</source>
        <translation>folder：以子文件夹的名称作为类别；none：没有类别。</translation>
    </message>
    <message>
        <source>Folds</source>
        <translation>折数</translation>
    </message>
    <message>
        <source>For Latin letters; Cyrillic ones have their own keyboard.</source>
        <translation>用于拉丁字母；西里尔字母有其自己的键盘。</translation>
    </message>
    <message>
        <source>For OpenVINO, an extra: fast on processors of Intel and AMD. In int8 after the OpenVINO step.</source>
        <translation>用于 OpenVINO（可选组件）：在 Intel 和 AMD 的处理器上速度快。经过 OpenVINO 步骤后为 int8。</translation>
    </message>
    <message>
        <source>For apps on phones and small devices, by ExecuTorch, an extra. One row at a time, of any length up to that of training; computed in fp32 by XNNPACK.</source>
        <translation>用于手机和小型设备上的应用，由 ExecuTorch（可选组件）运行。每次处理一行，长度不超过训练时的长度即可；由 XNNPACK 以 fp32 计算。</translation>
    </message>
    <message>
        <source>For images without an up and a down, such as aerial photographs.</source>
        <translation>用于不分上下的图像，例如航拍照片。</translation>
    </message>
    <message>
        <source>From scratch</source>
        <translation>从零训练</translation>
    </message>
    <message>
        <source>From {rate:.2g} on it grows again: stay below.</source>
        <translation>从 {rate:.2g} 起损失再次上升：学习率应低于此值。</translation>
    </message>
    <message>
        <source>Gaps</source>
        <translation>空隙填充</translation>
    </message>
    <message>
        <source>General tokens</source>
        <translation>通用词元</translation>
    </message>
    <message>
        <source>Get the archive again from its source, or unpack it yourself.</source>
        <translation>请从来源重新获取压缩包，或自行解压。</translation>
    </message>
    <message>
        <source>Get the file again from its source, or save the table anew.</source>
        <translation>请从来源重新获取文件，或重新保存表格。</translation>
    </message>
    <message>
        <source>Give a column this role in the Data step, under Columns; or choose data that has one.</source>
        <translation>请在“数据”步骤的“列”中为某一列指定此角色；或选择含有该角色的数据。</translation>
    </message>
    <message>
        <source>Give every column a name of its own, and no title above the header.</source>
        <translation>请为每列取不同的名称，表头上方不要有标题。</translation>
    </message>
    <message>
        <source>Give every column a name of its own.</source>
        <translation>请为每列取不同的名称。</translation>
    </message>
    <message>
        <source>Give every column of the query a name of its own (AS).</source>
        <translation>请为查询的每列取不同的名称（AS）。</translation>
    </message>
    <message>
        <source>Give every token one tag (O where it is nothing), or leave the rows out with the data step drop-flawed.</source>
        <translation>请为每个词元提供一个标记（不属于任何内容时用 O），或用数据处理步骤 drop-flawed 排除这些行。</translation>
    </message>
    <message>
        <source>Give it more minutes, or fewer rows.</source>
        <translation>请增加分钟数，或减少行数。</translation>
    </message>
    <message>
        <source>Give it more time.</source>
        <translation>请增加时间。</translation>
    </message>
    <message>
        <source>Give the augmentation a dictionary of synonyms, or leave it out.</source>
        <translation>请为此项增强提供同义词词典，或不使用此项增强。</translation>
    </message>
    <message>
        <source>Give the column a name in that cell, or clear the column.</source>
        <translation>请在该单元格中填写列名，或清空该列。</translation>
    </message>
    <message>
        <source>Giveaways</source>
        <translation>答案泄露</translation>
    </message>
    <message>
        <source>Gives rows that you have chosen another label.</source>
        <translation>为您选定的行更换标签。</translation>
    </message>
    <message>
        <source>Gradual unfreezing</source>
        <translation>逐层解冻</translation>
    </message>
    <message>
        <source>Gradually</source>
        <translation>逐步</translation>
    </message>
    <message>
        <source>Graph optimisation</source>
        <translation>图优化</translation>
    </message>
    <message>
        <source>Greatest angle</source>
        <translation>最大角度</translation>
    </message>
    <message>
        <source>Greatest change of the ratio of width to height; 1 keeps it.</source>
        <translation>宽高比的最大变化；1 表示保持不变。</translation>
    </message>
    <message>
        <source>Greatest radius, in percent of the shorter side; SimCLR takes 0.9 (2 pixels of 224).</source>
        <translation>最大半径，以短边的百分比表示；SimCLR 取 0.9（224 像素中的 2 像素）。</translation>
    </message>
    <message>
        <source>Greatest share of the image that is erased.</source>
        <translation>图像被擦除的最大比例。</translation>
    </message>
    <message>
        <source>Group</source>
        <translation>分组</translation>
    </message>
    <message>
        <source>Groups, such as the texts of one author, of which some rows are learnt and others tested.</source>
        <translation>部分行用于训练、部分行用于测试的分组，例如同一作者的文本。</translation>
    </message>
    <message>
        <source>Growing data</source>
        <translation>数据递增</translation>
    </message>
    <message>
        <source>Growth</source>
        <translation>增长倍数</translation>
    </message>
    <message>
        <source>H-score</source>
        <translation>H-score</translation>
    </message>
    <message>
        <source>HTML entities</source>
        <translation>HTML 实体</translation>
    </message>
    <message>
        <source>Half precision (fp16)</source>
        <translation>半精度（fp16）</translation>
    </message>
    <message>
        <source>Half the size of ONNX fp32 at hardly a loss; computed in fp32 on a processor, or in fp16 for graphics cards.</source>
        <translation>大小为 ONNX fp32 的一半，几乎没有损失；在处理器上用 fp32 计算，在显卡上则可用 fp16 计算。</translation>
    </message>
    <message>
        <source>Half with the same label, half with another one.</source>
        <translation>一半标签相同，一半标签不同。</translation>
    </message>
    <message>
        <source>Head</source>
        <translation>预测头</translation>
    </message>
    <message>
        <source>Heads of attention; each layer keeps one at least.</source>
        <translation>注意力头；每层至少保留一个。</translation>
    </message>
    <message>
        <source>Hides a random box of the image, so that the model does not rely on one detail.</source>
        <translation>遮住图像中的一个随机矩形区域，使模型不依赖单一细节。</translation>
    </message>
    <message>
        <source>How far the classes lie apart in the features; higher is better</source>
        <translation>各类别在特征空间中的分离程度；越高越好</translation>
    </message>
    <message>
        <source>How likely a linear model of the features finds the answers; higher is better</source>
        <translation>基于特征的线性模型得出答案的可能性；越高越好</translation>
    </message>
    <message>
        <source>How many blocks below the head train; others are frozen.</source>
        <translation>预测头以下参与训练的层数；其余层冻结。</translation>
    </message>
    <message>
        <source>How many operations are applied to an image (N of the paper).</source>
        <translation>对一张图像应用多少种操作（论文中的 N）。</translation>
    </message>
    <message>
        <source>How many times the learning rate the head trains at.</source>
        <translation>预测头的学习率是基准学习率的多少倍。</translation>
    </message>
    <message>
        <source>How much knowing the class shortens a code of the features; higher is better</source>
        <translation>已知类别时特征编码能缩短多少；越高越好</translation>
    </message>
    <message>
        <source>How much of each image must be painted.</source>
        <translation>每张图像中需要重建的比例。</translation>
    </message>
    <message>
        <source>How much of each text the backbone misses.</source>
        <translation>每条文本中对骨干网络隐去的比例。</translation>
    </message>
    <message>
        <source>How much the loss on training rows would change without a unit, to first order; the size of its weights; or none, to compare with.</source>
        <translation>去掉某个单元后，训练数据行上的损失会改变多少（一阶近似）；其权重的大小；或不使用，以作比较。</translation>
    </message>
    <message>
        <source>How much the row counts in training.</source>
        <translation>该行在训练中所占的权重。</translation>
    </message>
    <message>
        <source>How often a batch is mixed.</source>
        <translation>一个批次被混合的概率。</translation>
    </message>
    <message>
        <source>How often a batch is mixed; the authors take 0.5 on CIFAR.</source>
        <translation>一个批次被混合的概率；作者在 CIFAR 上取 0.5。</translation>
    </message>
    <message>
        <source>How often a part is erased, each time that an image is seen.</source>
        <translation>每次看到图像时，擦除其中一部分的概率。</translation>
    </message>
    <message>
        <source>How often an image is blurred, each time that it is seen.</source>
        <translation>每次看到图像时，将其模糊的概率。</translation>
    </message>
    <message>
        <source>How often an image is changed, each time that it is seen.</source>
        <translation>每次看到图像时，对其进行改动的概率。</translation>
    </message>
    <message>
        <source>How often an image is flipped, each time that it is seen.</source>
        <translation>每次看到图像时，将其翻转的概率。</translation>
    </message>
    <message>
        <source>How the learning rate falls after the warm-up; auto asks the strategy.</source>
        <translation>预热之后学习率如何下降；自动：由策略决定。</translation>
    </message>
    <message>
        <source>How the range of an activation follows from what the rows show: its smallest and largest value; without the share beyond a percentile; or so that least information is lost (entropy).</source>
        <translation>如何根据数据行所显示的内容确定激活的范围：取其最小值和最大值；去掉超出某个百分位数的部分；或使丢失的信息最少（熵）。</translation>
    </message>
    <message>
        <source>How the tables of tokens and places are stored: half of a small model.</source>
        <translation>词元表和位置表的存储方式：它们占小模型的一半。</translation>
    </message>
    <message>
        <source>How well a linear model on the features answers rows that it has not seen</source>
        <translation>基于特征的线性模型对未见过的行的作答效果</translation>
    </message>
    <message>
        <source>How well the most similar other rows tell the answer</source>
        <translation>由最相似的其他行推断答案的效果</translation>
    </message>
    <message>
        <source>Hue</source>
        <translation>色相</translation>
    </message>
    <message>
        <source>Hugging Face dataset</source>
        <translation>Hugging Face 数据集</translation>
    </message>
    <message>
        <source>IA³</source>
        <translation>IA³</translation>
    </message>
    <message>
        <source>IBAN; replaced by [IBAN].</source>
        <translation>IBAN；替换为 [IBAN]。</translation>
    </message>
    <message>
        <source>Identity numbers</source>
        <translation>证件号码</translation>
    </message>
    <message>
        <source>If one class has more of them, the model may learn that instead of what is shown. Leave them out, or, where colour does not matter in practice, turn all files grey yourself.</source>
        <translation>如果某一类别中此类图像较多，模型学到的可能是这一点，而不是画面内容。请排除这些图像；如果实际使用中颜色无关紧要，也可自行将所有文件转为灰度。</translation>
    </message>
    <message>
        <source>If so, they are classes with hardly any examples, and their rows count as wrong.</source>
        <translation>如果确实如此，它们就是几乎没有样本的类别，其所在的行会被算作错误。</translation>
    </message>
    <message>
        <source>If they are not there in practice, such as a signature or a mark of the source, the model will fail: it has learnt to look for them. If they belong to the matter, all is well.</source>
        <translation>如果它们在实际使用中不会出现（例如签名或来源标记），模型就会失效：它学会的是寻找这些词。如果它们属于内容本身，则没有问题。</translation>
    </message>
    <message>
        <source>Ignore case</source>
        <translation>忽略大小写</translation>
    </message>
    <message>
        <source>Ignored</source>
        <translation>忽略</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Images that stand in the data more than once or look the same, and contradictions among them.</source>
        <translation>在数据中多次出现或看起来相同的图像，以及其中的矛盾标注。</translation>
    </message>
    <message>
        <source>Images whose shorter side has fewer pixels are left out as well; 0 keeps small ones.</source>
        <translation>短边像素少于此值的图像也会被排除；0 表示保留小图像。</translation>
    </message>
    <message>
        <source>Images whose shorter side has fewer pixels are tiny.</source>
        <translation>短边像素少于此值的图像视为过小。</translation>
    </message>
    <message>
        <source>Importance</source>
        <translation>重要性</translation>
    </message>
    <message>
        <source>In PyTorch on this computer {rows} rows took {before} ms before and take {after} ms now (medians, measured in turns).</source>
        <translation>在这台计算机上用 PyTorch 处理 {rows} 行，之前需要 {before} ms，现在需要 {after} ms（中位数，交替测量）。</translation>
    </message>
    <message>
        <source>In a network of type {kind} no heads or neurons were found that could be cut as chosen.</source>
        <translation>在类型为 {kind} 的网络中，没有找到可以按所选方式剪去的注意力头或神经元。</translation>
    </message>
    <message>
        <source>In a network of type {kind} no weights were found that could be set to zero.</source>
        <translation>在类型为 {kind} 的网络中，没有找到可以置零的权重。</translation>
    </message>
    <message>
        <source>In the end {percent} % of the texts could be put into their domain from the features; 50 % is chance.</source>
        <translation>最终根据特征可将 {percent} % 的文本归入其所属领域；50 % 为随机水平。</translation>
    </message>
    <message>
        <source>In {count} rows a box is impossible, or there are not as many labels as boxes.</source>
        <translation>{count} 行的框无效，或标签数与框数不同。</translation>
    </message>
    <message>
        <source>In {count} rows an answer does not stand in the context where it should.</source>
        <translation>{count} 行的答案不在上下文的指定位置。</translation>
    </message>
    <message>
        <source>In {count} rows the conversation is broken, or has no answer of the assistant.</source>
        <translation>{count} 行的对话不完整，或没有 assistant 的回答。</translation>
    </message>
    <message>
        <source>In {count} rows there are not as many tags as tokens.</source>
        <translation>{count} 行的标记数与词元数不同。</translation>
    </message>
    <message>
        <source>In {path} there is no list of objects at &apos;{records}&apos;.</source>
        <translation>在 {path} 的“{records}”处没有对象列表。</translation>
    </message>
    <message>
        <source>Inner learning rate</source>
        <translation>内层学习率</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>插入</translation>
    </message>
    <message>
        <source>Install it with: pip install &quot;tlstudio[keyring]&quot;; or put the token into the variable HF_TOKEN for the time of a session.</source>
        <translation>请用此命令安装：pip install &quot;tlstudio[keyring]&quot;；或在会话期间将令牌放入变量 HF_TOKEN。</translation>
    </message>
    <message>
        <source>Install it with: pip install &quot;tlstudio[{extra}]&quot;</source>
        <translation>请用此命令安装：pip install &quot;tlstudio[{extra}]&quot;</translation>
    </message>
    <message>
        <source>Install it with: pip install {package}</source>
        <translation>请用此命令安装：pip install {package}</translation>
    </message>
    <message>
        <source>Install the extra again: pip install &quot;tlstudio[{name}]&quot;</source>
        <translation>请重新安装可选组件：pip install &quot;tlstudio[{name}]&quot;</translation>
    </message>
    <message>
        <source>Install the extra: pip install &apos;tlstudio[edge]&apos;.</source>
        <translation>请安装可选组件：pip install &apos;tlstudio[edge]&apos;。</translation>
    </message>
    <message>
        <source>Install the extra: pip install &apos;tlstudio[openvino]&apos;.</source>
        <translation>请安装可选组件：pip install &apos;tlstudio[openvino]&apos;。</translation>
    </message>
    <message>
        <source>Invisible characters that steer terminals are dropped.</source>
        <translation>删除操控终端的不可见字符。</translation>
    </message>
    <message>
        <source>It answers {times:.1f} times as fast.</source>
        <translation>推理速度是后者的 {times:.1f} 倍。</translation>
    </message>
    <message>
        <source>It has {times:.1f} times as many parameters.</source>
        <translation>参数量是后者的 {times:.1f} 倍。</translation>
    </message>
    <message>
        <source>It has {times:.1f} times fewer parameters.</source>
        <translation>参数量仅为后者的 1/{times:.1f}。</translation>
    </message>
    <message>
        <source>It has: {sheets}.</source>
        <translation>现有工作表：{sheets}。</translation>
    </message>
    <message>
        <source>It is thrown away afterwards.</source>
        <translation>之后会丢弃解码器。</translation>
    </message>
    <message>
        <source>It may be chance: with more rows the order can change.</source>
        <translation>这可能只是偶然：行数增加后，排序可能改变。</translation>
    </message>
    <message>
        <source>It must hold single texts, or lists, in all of them.</source>
        <translation>该列在所有数据中必须都是单个文本，或都是列表。</translation>
    </message>
    <message>
        <source>It must hold train, validation or test in every row.</source>
        <translation>该列的每一行都必须是 train、validation 或 test。</translation>
    </message>
    <message>
        <source>It takes {times:.1f} times as long to answer.</source>
        <translation>推理耗时是后者的 {times:.1f} 倍。</translation>
    </message>
    <message>
        <source>JSON</source>
        <translation>JSON</translation>
    </message>
    <message>
        <source>JSON is nested too deeply.</source>
        <translation>JSON 嵌套过深。</translation>
    </message>
    <message>
        <source>JSON with questions about passages and their answers, version 1.1 or 2.0.</source>
        <translation>包含段落、相关问题及其答案的 JSON，1.1 或 2.0 版。</translation>
    </message>
    <message>
        <source>Join similar labels</source>
        <translation>合并相近的标签</translation>
    </message>
    <message>
        <source>Join them</source>
        <translation>合并这些标签</translation>
    </message>
    <message>
        <source>Joins labels that differ only in case, spaces, hyphens or Unicode form.</source>
        <translation>合并仅在大小写、空格、连字符或 Unicode 形式上不同的标签。</translation>
    </message>
    <message>
        <source>Joins several spaces or blank lines into one, and trims the ends.</source>
        <translation>将多个空格或空行合并为一个，并去除首尾空白。</translation>
    </message>
    <message>
        <source>Keep chosen languages</source>
        <translation>保留选定的语言</translation>
    </message>
    <message>
        <source>Keep first letter</source>
        <translation>保留首字母</translation>
    </message>
    <message>
        <source>Keep groups together</source>
        <translation>保持分组完整</translation>
    </message>
    <message>
        <source>Keep only the language of most texts</source>
        <translation>只保留多数文本所用的语言</translation>
    </message>
    <message>
        <source>Keep the first of each</source>
        <translation>每组只保留第一个</translation>
    </message>
    <message>
        <source>Keep the most frequent label of each</source>
        <translation>每项内容只保留最常见的标签</translation>
    </message>
    <message>
        <source>Keeps the first of equal rows, and takes rows out of training that are tested on.</source>
        <translation>相同的行只保留第一行，并从训练数据中去掉用于测试的行。</translation>
    </message>
    <message>
        <source>Keeps the first of equal training or validation rows; a test place of its own stays as it is.</source>
        <translation>相同的训练行或验证行只保留第一行；单独提供的测试数据保持不变。</translation>
    </message>
    <message>
        <source>Keeps the first of nearly equal rows, and takes rows out of training that are nearly equal to tested ones.</source>
        <translation>近乎相同的行只保留第一行，并从训练数据中去掉与测试行近乎相同的行。</translation>
    </message>
    <message>
        <source>Keeps the first of similar training or validation rows; a test place of its own stays as it is.</source>
        <translation>相似的训练行或验证行只保留第一行；单独提供的测试数据保持不变。</translation>
    </message>
    <message>
        <source>Keeps the tokens that your texts need, and some thousand frequent ones: much smaller where a model knows many languages, and the texts are read as before.</source>
        <translation>保留您的文本所需的词元以及数千个常用词元：对于懂得多种语言的模型，大小会小得多，而文本的读取方式与之前相同。</translation>
    </message>
    <message>
        <source>Keeps what matters for the inputs that training rows give a layer, not for all that there may be.</source>
        <translation>只保留对训练数据行给予某一层的输入有意义的部分，而不是针对所有可能的输入。</translation>
    </message>
    <message>
        <source>Kept rows</source>
        <translation>保留的行</translation>
    </message>
    <message>
        <source>Kept the layers {kept} of {count}: {before} million parameters became {after} million.</source>
        <translation>在 {count} 层中保留了第 {kept} 层：参数由 {before} 百万变为 {after} 百万。</translation>
    </message>
    <message>
        <source>Kept {count} of {all} layers in fp32, whose rounding alone changes the answers most: {layers}.</source>
        <translation>在 {all} 层中有 {count} 层保留为 fp32，仅对它们舍入时回答的改变最大：{layers}。</translation>
    </message>
    <message>
        <source>Kept {heads} of {all_heads} attention heads and {neurons} of {all_neurons} feed-forward neurons: {before} million parameters became {after} million. These layers have {parameters} % of their parameters and do {flops} % of their operations.</source>
        <translation>保留了 {all_heads} 个注意力头中的 {heads} 个，以及 {all_neurons} 个前馈神经元中的 {neurons} 个：参数由 {before} 百万变为 {after} 百万。这些层拥有其 {parameters} % 的参数，执行其 {flops} % 的运算。</translation>
    </message>
    <message>
        <source>Kept {kept} of {count} tokens: {before} million parameters became {after} million.</source>
        <translation>保留了 {count} 个词元中的 {kept} 个：参数由 {before} 百万变为 {after} 百万。</translation>
    </message>
    <message>
        <source>Keyboard</source>
        <translation>键盘布局</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Kind of data; auto looks at the content.</source>
        <translation>数据种类；自动：根据内容判断。</translation>
    </message>
    <message>
        <source>L2-SP</source>
        <translation>L2-SP</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Label of a copy</source>
        <translation>重复行的标签</translation>
    </message>
    <message>
        <source>Label separator</source>
        <translation>标签分隔符</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Labels by row</source>
        <translation>逐行标签</translation>
    </message>
    <message>
        <source>Labels that differ only in case, spaces, hyphens or Unicode form, or by a typing error.</source>
        <translation>仅在大小写、空格、连字符或 Unicode 形式上不同，或因笔误而不同的标签。</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Language mix</source>
        <translation>语言混合</translation>
    </message>
    <message>
        <source>Languages</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Largest area</source>
        <translation>最大面积</translation>
    </message>
    <message>
        <source>Largest file</source>
        <translation>最大文件</translation>
    </message>
    <message>
        <source>Largest ratio</source>
        <translation>最大比值</translation>
    </message>
    <message>
        <source>Last share</source>
        <translation>最终比例</translation>
    </message>
    <message>
        <source>Latency</source>
        <translation>延迟</translation>
    </message>
    <message>
        <source>Layer removal</source>
        <translation>移除层</translation>
    </message>
    <message>
        <source>Layer-wise rate decay</source>
        <translation>逐层学习率衰减</translation>
    </message>
    <message>
        <source>Layers kept in fp32</source>
        <translation>保留为 fp32 的层</translation>
    </message>
    <message>
        <source>Layers of the decoder</source>
        <translation>解码器层数</translation>
    </message>
    <message>
        <source>Layers to keep</source>
        <translation>要保留的层</translation>
    </message>
    <message>
        <source>Learning rate of the head that is thrown away after.</source>
        <translation>训练后即丢弃的预测头的学习率。</translation>
    </message>
    <message>
        <source>Learning rate while the encoder learns from pairs.</source>
        <translation>编码器从样本对中学习时的学习率。</translation>
    </message>
    <message>
        <source>Learns while training which weights the task needs, and sets the others to zero: best for many zeros.</source>
        <translation>在训练中学习任务需要哪些权重，并将其余权重置零：最适合大量置零。</translation>
    </message>
    <message>
        <source>Least certainty</source>
        <translation>最低确信度</translation>
    </message>
    <message>
        <source>Least distance</source>
        <translation>最小距离</translation>
    </message>
    <message>
        <source>Least likeness</source>
        <translation>最低近似度</translation>
    </message>
    <message>
        <source>Least similarity</source>
        <translation>最低相似度</translation>
    </message>
    <message>
        <source>Leave all of them out</source>
        <translation>全部排除</translation>
    </message>
    <message>
        <source>Leave both rows of each pair out of training</source>
        <translation>将每对中的两行都排除在训练之外</translation>
    </message>
    <message>
        <source>Leave it out here, and set the whole address as the variable HTTPS_PROXY before the start.</source>
        <translation>请在此处去掉密码，并在启动前将完整地址设为变量 HTTPS_PROXY。</translation>
    </message>
    <message>
        <source>Leave out broken images</source>
        <translation>排除损坏的图像</translation>
    </message>
    <message>
        <source>Leave out chosen rows</source>
        <translation>排除选定的行</translation>
    </message>
    <message>
        <source>Leave out contradictions</source>
        <translation>排除矛盾标注</translation>
    </message>
    <message>
        <source>Leave out duplicates</source>
        <translation>排除重复项</translation>
    </message>
    <message>
        <source>Leave out empty rows</source>
        <translation>排除空行</translation>
    </message>
    <message>
        <source>Leave out flawed rows</source>
        <translation>排除有问题的行</translation>
    </message>
    <message>
        <source>Leave out near duplicates</source>
        <translation>排除近似重复项</translation>
    </message>
    <message>
        <source>Leave out rare classes</source>
        <translation>排除稀有类别</translation>
    </message>
    <message>
        <source>Leave strategy.unlabelled empty.</source>
        <translation>请将 strategy.unlabelled 留空。</translation>
    </message>
    <message>
        <source>Leave the column out of the query, or convert it there.</source>
        <translation>请在查询中去掉该列，或在查询中转换它。</translation>
    </message>
    <message>
        <source>Leave the graph optimisation out.</source>
        <translation>请不使用图优化。</translation>
    </message>
    <message>
        <source>Leave the length out.</source>
        <translation>请不填长度。</translation>
    </message>
    <message>
        <source>Leave the smallest out</source>
        <translation>排除最小的图像</translation>
    </message>
    <message>
        <source>Leave the step out.</source>
        <translation>请去掉该步骤。</translation>
    </message>
    <message>
        <source>Leave them out</source>
        <translation>排除</translation>
    </message>
    <message>
        <source>Leave them out of training</source>
        <translation>将其排除在训练之外</translation>
    </message>
    <message>
        <source>Leave these classes out</source>
        <translation>排除这些类别</translation>
    </message>
    <message>
        <source>Leave these rows out</source>
        <translation>排除这些行</translation>
    </message>
    <message>
        <source>Leaves a mark out.</source>
        <translation>删去一个标点。</translation>
    </message>
    <message>
        <source>Leaves out addresses of web pages.</source>
        <translation>删去网页地址。</translation>
    </message>
    <message>
        <source>Leaves out classes that have too few training rows.</source>
        <translation>排除训练行数过少的类别。</translation>
    </message>
    <message>
        <source>Leaves out images that cannot be read, and on request those that are tiny.</source>
        <translation>排除无法读取的图像，并可按需排除过小的图像。</translation>
    </message>
    <message>
        <source>Leaves out rows that you have chosen, in all places.</source>
        <translation>排除您选定的行，适用于所有数据。</translation>
    </message>
    <message>
        <source>Leaves out rows with answers in the wrong place, impossible boxes, missing tags or broken messages.</source>
        <translation>排除答案位置错误、框无效、缺少标记或消息不完整的行。</translation>
    </message>
    <message>
        <source>Leaves out rows with the same content and different labels.</source>
        <translation>排除内容相同而标签不同的行。</translation>
    </message>
    <message>
        <source>Leaves out rows without a text or without a label.</source>
        <translation>排除没有文本或没有标签的行。</translation>
    </message>
    <message>
        <source>Leaves out texts that are surely in another language than the chosen ones.</source>
        <translation>排除确定不属于选定语言的文本。</translation>
    </message>
    <message>
        <source>Leaves out user names such as @someone.</source>
        <translation>删去用户名，例如 @someone。</translation>
    </message>
    <message>
        <source>Leaves out “RT @someone:” at the beginning.</source>
        <translation>删去开头的“RT @someone:”。</translation>
    </message>
    <message>
        <source>Left and right</source>
        <translation>左右翻转</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>长度</translation>
    </message>
    <message>
        <source>Length of the change of the embeddings, over all of them.</source>
        <translation>嵌入扰动的长度（范数），对全部嵌入合计。</translation>
    </message>
    <message>
        <source>Lets every block give what that of the trained model gives, as in TinyBERT; slower.</source>
        <translation>像 TinyBERT 那样，让每个块给出与训练好的模型的对应块相同的输出；较慢。</translation>
    </message>
    <message>
        <source>Lets every block give what the teacher&apos;s gives, as in TinyBERT. The teacher then sees each batch.</source>
        <translation>使每一层的输出与教师的对应层一致，与 TinyBERT 相同。此时教师需处理每一批数据。</translation>
    </message>
    <message>
        <source>Lets every block look at what the teacher&apos;s looks at, as in TinyBERT.</source>
        <translation>使每一层的注意力与教师的对应层一致，与 TinyBERT 相同。</translation>
    </message>
    <message>
        <source>Lets the last block relate tokens like the teacher&apos;s, as in MiniLM; any widths fit.</source>
        <translation>使最后一层的词元间关系与教师一致，与 MiniLM 相同；两者宽度可以不同。</translation>
    </message>
    <message>
        <source>Letters and figures that a text should have; a Chinese or Japanese character counts for three.</source>
        <translation>文本应有的字母和数字的个数；一个中文或日文字符计为三个。</translation>
    </message>
    <message>
        <source>Licence of the data</source>
        <translation>数据的许可证</translation>
    </message>
    <message>
        <source>Line {line} of {path} has an empty token or tag: {text}</source>
        <translation>{path} 的第 {line} 行有空的词元或标记：{text}</translation>
    </message>
    <message>
        <source>Line {line} of {path} has {found} columns where most lines have {expected}: {text}</source>
        <translation>{path} 的第 {line} 行有 {found} 列，而大多数行有 {expected} 列：{text}</translation>
    </message>
    <message>
        <source>Line {line} of {path} is not valid UTF-8.</source>
        <translation>{path} 的第 {line} 行不是有效的 UTF-8。</translation>
    </message>
    <message>
        <source>LogME</source>
        <translation>LogME</translation>
    </message>
    <message>
        <source>Look for this</source>
        <translation>检查此项</translation>
    </message>
    <message>
        <source>Low-rank factorisation</source>
        <translation>低秩分解</translation>
    </message>
    <message>
        <source>Lower case, capitals, a capital at the start, or letters at random; any draws one for each text.</source>
        <translation>小写、大写、首字母大写，或逐字母随机；any：为每条文本随机选取一种。</translation>
    </message>
    <message>
        <source>Lower data.split.folds, or add data.</source>
        <translation>请减小 data.split.folds，或增加数据。</translation>
    </message>
    <message>
        <source>Lower ones push near texts apart more strongly.</source>
        <translation>值越低，相近的文本被推开得越远。</translation>
    </message>
    <message>
        <source>Lower strategy.layers.</source>
        <translation>请减小 strategy.layers。</translation>
    </message>
    <message>
        <source>Lower strategy.reinitialise.</source>
        <translation>请减小 strategy.reinitialise。</translation>
    </message>
    <message>
        <source>Lower the energy or the share, choose more kinds of layers, or leave the step out.</source>
        <translation>请降低能量或比例、选择更多种类的层，或去掉该步骤。</translation>
    </message>
    <message>
        <source>Lower the number of layers to keep.</source>
        <translation>请减少要保留的层数。</translation>
    </message>
    <message>
        <source>MB</source>
        <translation>MB</translation>
    </message>
    <message>
        <source>MLflow at {place} could not be written to: {reason}</source>
        <translation>无法写入 {place} 处的 MLflow：{reason}</translation>
    </message>
    <message>
        <source>Made of layers of the teacher; or the model of the recipe with all its layers.</source>
        <translation>由教师的部分层构成；或使用配方中的模型及其全部层。</translation>
    </message>
    <message>
        <source>Magnitude</source>
        <translation>强度</translation>
    </message>
    <message>
        <source>Magnitude pruning</source>
        <translation>幅值剪枝</translation>
    </message>
    <message>
        <source>Majority keeps the rows with the most frequent label, and none of them where two are equally frequent; none leaves out all rows of the content.</source>
        <translation>majority：保留标签最常见的行，如有两个标签同样常见则都不保留；none：排除该内容的所有行。</translation>
    </message>
    <message>
        <source>Mask it</source>
        <translation>遮盖这些数据</translation>
    </message>
    <message>
        <source>Mask personal data</source>
        <translation>遮盖个人数据</translation>
    </message>
    <message>
        <source>Masked images (MAE)</source>
        <translation>图像遮盖重建（MAE）</translation>
    </message>
    <message>
        <source>Masked words</source>
        <translation>掩码词</translation>
    </message>
    <message>
        <source>Masked-LM replacement</source>
        <translation>掩码 LM 替换</translation>
    </message>
    <message>
        <source>Mastered at</source>
        <translation>掌握阈值</translation>
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
        <source>Measure them one by one.</source>
        <translation>请逐个测量。</translation>
    </message>
    <message>
        <source>Measured on {rows} validation rows; the chosen form is then tested on the test rows.</source>
        <translation>在 {rows} 行验证数据上测量；选定的形式随后在测试数据上测试。</translation>
    </message>
    <message>
        <source>Median milliseconds of a batch on this machine at most.</source>
        <translation>本机处理一个批次的毫秒数中位数的上限。</translation>
    </message>
    <message>
        <source>Megabytes of the weights at most.</source>
        <translation>权重的兆字节数上限。</translation>
    </message>
    <message>
        <source>Megabytes that a process takes at most to load it and answer.</source>
        <translation>一个进程加载模型并作答所占内存的兆字节数上限。</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Memory is short: each batch of {batch} rows is computed in {parts} parts.</source>
        <translation>内存不足：每批 {batch} 行将分为 {parts} 份计算。</translation>
    </message>
    <message>
        <source>Merges operators of the ONNX graph: the same answers, at times a little sooner. An int8 step may follow.</source>
        <translation>合并 ONNX 图中的算子：答案相同，有时略快一些。之后可以再接一个 int8 步骤。</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>MiniLM L6</source>
        <translation>MiniLM L6</translation>
    </message>
    <message>
        <source>Mirrors the image.</source>
        <translation>镜像翻转图像。</translation>
    </message>
    <message>
        <source>Mirrors the image. Not where left and right matter: letters, digits, arrows.</source>
        <translation>镜像翻转图像。不适用于左右有别的情形：字母、数字、箭头。</translation>
    </message>
    <message>
        <source>Mixed languages</source>
        <translation>语言混杂</translation>
    </message>
    <message>
        <source>Mixout</source>
        <translation>Mixout</translation>
    </message>
    <message>
        <source>Mixup</source>
        <translation>Mixup 混合</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Models of the task {task} cannot be distilled: their answers have no soft form that is known here.</source>
        <translation>任务 {task} 的模型无法蒸馏：其答案没有此处已知的软形式。</translation>
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
        <source>More rows are worth their labelling.</source>
        <translation>值得标注更多的行。</translation>
    </message>
    <message>
        <source>More rows of the same kind will hardly help: look at the labels, or try another backbone or strategy.</source>
        <translation>更多同类的行几乎没有帮助：请检查标签，或尝试其他骨干网络或策略。</translation>
    </message>
    <message>
        <source>More take longer and paint better.</source>
        <translation>层数越多，耗时越长，重建效果越好。</translation>
    </message>
    <message>
        <source>Most detectors cannot see what is so small. Correct them where they are mistakes, train at a higher resolution, or leave these images out.</source>
        <translation>大多数检测器看不到这么小的物体。如果是错误，请更正；也可用更高的分辨率训练，或排除这些图像。</translation>
    </message>
    <message>
        <source>Most lines of {path} have {columns} column(s).</source>
        <translation>{path} 的大多数行有 {columns} 列。</translation>
    </message>
    <message>
        <source>Most tokenizers drop them; some see unknown words.</source>
        <translation>大多数分词器会丢弃这些字符；有些则将其视为未知词。</translation>
    </message>
    <message>
        <source>Movement pruning</source>
        <translation>移动剪枝</translation>
    </message>
    <message>
        <source>Multilingual E5 small</source>
        <translation>Multilingual E5 small</translation>
    </message>
    <message>
        <source>NEFTune</source>
        <translation>NEFTune</translation>
    </message>
    <message>
        <source>Name a field, such as training.learning_rate=1e-5..1e-3:log, or strategy.rank=4|8|16.</source>
        <translation>请指定字段，例如 training.learning_rate=1e-5..1e-3:log 或 strategy.rank=4|8|16。</translation>
    </message>
    <message>
        <source>Name a file or folder in the data of the adaptation.</source>
        <translation>请在领域适应的数据中指定文件或文件夹。</translation>
    </message>
    <message>
        <source>Name a model folder, an earlier run or a model of the hub that is on this machine, or choose another kind of student.</source>
        <translation>请指定一个模型文件夹、一次先前的运行或本机上已有的模型库模型，或选择另一种学生模型。</translation>
    </message>
    <message>
        <source>Name an earlier run, or the folder of a trained model, in strategy.teacher.</source>
        <translation>请在 strategy.teacher 中指定较早的运行，或已训练模型的文件夹。</translation>
    </message>
    <message>
        <source>Name it to have it ranked as well.</source>
        <translation>如需将其一并排名，请指明其名称。</translation>
    </message>
    <message>
        <source>Name of a split; auto takes train, or the only one there is.</source>
        <translation>划分的名称；自动：取 train，或唯一的那个划分。</translation>
    </message>
    <message>
        <source>Name the folder of an export, such as RUN/exports/onnx.</source>
        <translation>请指定导出的文件夹，例如 RUN/exports/onnx。</translation>
    </message>
    <message>
        <source>Neurons of feed-forward layers; each layer keeps one at least.</source>
        <translation>前馈层的神经元；每层至少保留一个。</translation>
    </message>
    <message>
        <source>No compression step fits the task {task}.</source>
        <translation>没有适合任务 {task} 的压缩步骤。</translation>
    </message>
    <message>
        <source>No form of the model is within the budget.</source>
        <translation>模型的任何形式都不在预算之内。</translation>
    </message>
    <message>
        <source>No layer of this network has a number of inputs that the pattern {pattern} divides, or no weights would become zero.</source>
        <translation>此网络没有任何一层的输入数能被模式 {pattern} 整除，或者没有权重会变为零。</translation>
    </message>
    <message>
        <source>No layer would become smaller: a matrix that is written as two has fewer numbers only at a low rank.</source>
        <translation>没有任何一层会变小：把一个矩阵写成两个，只有在秩较低时数值才会更少。</translation>
    </message>
    <message>
        <source>No rank makes the network so fast: the smallest one that was tried takes {percent} % of the time.</source>
        <translation>没有任何秩能让网络达到这样的速度：试过的最小秩仍需 {percent} % 的时间。</translation>
    </message>
    <message>
        <source>No share of heads and neurons brought the time of an answer down to {percent} % on this computer.</source>
        <translation>注意力头和神经元的任何保留比例都未能在本机上将作答时间降至 {percent} %。</translation>
    </message>
    <message>
        <source>No student is chosen.</source>
        <translation>未选择学生模型。</translation>
    </message>
    <message>
        <source>No target data is named.</source>
        <translation>尚未指定目标数据。</translation>
    </message>
    <message>
        <source>Not tried: it goes further than {title}, which lost {percent} % of the score already.</source>
        <translation>未尝试：它比 {title} 更进一步，而后者已损失 {percent} % 的得分。</translation>
    </message>
    <message>
        <source>Not tried: it would take about {minutes} minutes, more than are left.</source>
        <translation>未尝试：大约需要 {minutes} 分钟，超过了剩余时间。</translation>
    </message>
    <message>
        <source>Not tried: the search was stopped.</source>
        <translation>未尝试：搜索已停止。</translation>
    </message>
    <message>
        <source>ONNX Runtime&apos;s optimisations change what this network answers: {reason}</source>
        <translation>ONNX Runtime 的优化会改变此网络的答案：{reason}</translation>
    </message>
    <message>
        <source>ONNX fp16</source>
        <translation>ONNX fp16</translation>
    </message>
    <message>
        <source>Of attention heads, hidden dimensions and neurons that a narrower student has.</source>
        <translation>较窄的学生模型所具有的注意力头、隐藏维度和神经元的比例。</translation>
    </message>
    <message>
        <source>Of every factorised layer that is left.</source>
        <translation>余下的每个分解层的比例。</translation>
    </message>
    <message>
        <source>Of the first step; it falls linearly.</source>
        <translation>第一步的学习率；之后线性下降。</translation>
    </message>
    <message>
        <source>Of the reversed gradient when it has risen to its height.</source>
        <translation>反转梯度升至最大时的权重。</translation>
    </message>
    <message>
        <source>Of the student; auto takes half of those of the trained model, and all of them for a narrower one.</source>
        <translation>学生模型的层数；auto 取训练好的模型层数的一半，对较窄的学生模型则取全部。</translation>
    </message>
    <message>
        <source>Of the target data; empty finds the one with the texts.</source>
        <translation>目标数据中的列；留空则自动查找含有文本的列。</translation>
    </message>
    <message>
        <source>Of the target texts that take part in the last epoch.</source>
        <translation>最后一轮中参与训练的目标文本的比例。</translation>
    </message>
    <message>
        <source>Of the target texts, the surest ones, that join at first.</source>
        <translation>最初加入的目标文本（最确信的部分）的比例。</translation>
    </message>
    <message>
        <source>Of the target; 0.5 halves it.</source>
        <translation>目标的比例；0.5 表示减半。</translation>
    </message>
    <message>
        <source>Of the weights of all blocks.</source>
        <translation>所有块的权重的比例。</translation>
    </message>
    <message>
        <source>Of the weights; more exact than one scale for a layer.</source>
        <translation>按权重的通道分别设定；比每层一个缩放系数更精确。</translation>
    </message>
    <message>
        <source>Of their loss, beside that of the labels.</source>
        <translation>其损失相对于标签损失的权重。</translation>
    </message>
    <message>
        <source>Of those that the network has; auto keeps half of them.</source>
        <translation>网络现有的层数中的若干层；auto 保留其中一半。</translation>
    </message>
    <message>
        <source>One zip with the ONNX model, quantised where the steps end so, a script, a small web server with a JSON API and a Dockerfile. Runs without PyTorch and TLStudio.</source>
        <translation>一个 zip 文件，内含 ONNX 模型（若步骤以量化结束则为量化模型）、一个脚本、一个带 JSON API 的小型网页服务器和一个 Dockerfile。无需 PyTorch 和 TLStudio 即可运行。</translation>
    </message>
    <message>
        <source>OpenVINO</source>
        <translation>OpenVINO</translation>
    </message>
    <message>
        <source>OpenVINO cannot read the graph of this network: {reason}</source>
        <translation>OpenVINO 无法读取此网络的图：{reason}</translation>
    </message>
    <message>
        <source>OpenVINO int8</source>
        <translation>OpenVINO int8</translation>
    </message>
    <message>
        <source>OpenVINO is not installed: {parts} cannot be found.</source>
        <translation>未安装 OpenVINO：找不到 {parts}。</translation>
    </message>
    <message>
        <source>Or export the adapters again with their backbone.</source>
        <translation>或者重新导出适配器，并附带骨干网络。</translation>
    </message>
    <message>
        <source>Other model</source>
        <translation>其他模型</translation>
    </message>
    <message>
        <source>Outer learning rate</source>
        <translation>元学习率</translation>
    </message>
    <message>
        <source>Passes of the student over the training rows.</source>
        <translation>学生模型遍历训练数据的轮数。</translation>
    </message>
    <message>
        <source>Passes over the training rows after the cut; 0 leaves the network as it was cut.</source>
        <translation>剪除之后遍历训练数据的轮数；0 表示网络保持剪除后的状态。</translation>
    </message>
    <message>
        <source>Passes over the training rows in which the zeros are learnt.</source>
        <translation>学习零值时遍历训练数据的轮数。</translation>
    </message>
    <message>
        <source>Passes over the training rows; 0 only rounds the weights.</source>
        <translation>遍历训练数据的轮数；0 表示仅对权重取整。</translation>
    </message>
    <message>
        <source>Pattern</source>
        <translation>模式</translation>
    </message>
    <message>
        <source>Percentile</source>
        <translation>百分位数</translation>
    </message>
    <message>
        <source>Processors compute fp16 by way of fp32: this form is meant for graphics cards, and slower here.</source>
        <translation>处理器通过 fp32 来计算 fp16：此形式适用于显卡，在这里会更慢。</translation>
    </message>
    <message>
        <source>Prune heads</source>
        <translation>剪除注意力头</translation>
    </message>
    <message>
        <source>Prune neurons</source>
        <translation>剪除神经元</translation>
    </message>
    <message>
        <source>Prune only neurons, or choose another compression step.</source>
        <translation>请只剪除神经元，或选择另一个压缩步骤。</translation>
    </message>
    <message>
        <source>Put the data back where the recipe names it, or choose another step.</source>
        <translation>请将数据放回配方所指定的位置，或选择另一个步骤。</translation>
    </message>
    <message>
        <source>Put the file itself there, or remove the link.</source>
        <translation>请将文件本身放在那里，或移除该链接。</translation>
    </message>
    <message>
        <source>Put the files back as they were, or train again.</source>
        <translation>请将文件恢复原状，或重新训练。</translation>
    </message>
    <message>
        <source>Put the layer removal before the other steps, or leave it out.</source>
        <translation>请将移除层的步骤放在其他步骤之前，或省去该步骤。</translation>
    </message>
    <message>
        <source>PyTorch graph (.pt2)</source>
        <translation>PyTorch 图（.pt2）</translation>
    </message>
    <message>
        <source>Quantisation-aware training</source>
        <translation>量化感知训练</translation>
    </message>
    <message>
        <source>Raise the share kept, or prune both heads and neurons.</source>
        <translation>请提高保留比例，或同时剪除注意力头和神经元。</translation>
    </message>
    <message>
        <source>Raise the share kept, or remove layers instead.</source>
        <translation>请提高保留比例，或改为移除层。</translation>
    </message>
    <message>
        <source>Raise the share of the time, choose more kinds of layers, or remove whole layers.</source>
        <translation>请提高时间比例、选择更多种类的层，或移除整层。</translation>
    </message>
    <message>
        <source>Rank by</source>
        <translation>排序依据</translation>
    </message>
    <message>
        <source>Ranked within</source>
        <translation>排序范围</translation>
    </message>
    <message>
        <source>Read after block</source>
        <translation>读取位置（层）</translation>
    </message>
    <message>
        <source>Recovery epochs</source>
        <translation>恢复轮数</translation>
    </message>
    <message>
        <source>Recovery learning rate</source>
        <translation>恢复学习率</translation>
    </message>
    <message>
        <source>Remove the regulariser, or choose a strategy that trains the network itself.</source>
        <translation>请移除该正则化方法，或选择训练网络本身的策略。</translation>
    </message>
    <message>
        <source>Round activations too</source>
        <translation>同时对激活值取整</translation>
    </message>
    <message>
        <source>Rows are counted per</source>
        <translation>计数单位</translation>
    </message>
    <message>
        <source>Rows for the importance</source>
        <translation>用于估计的行数</translation>
    </message>
    <message>
        <source>Rows of the batch that the latency is stated for.</source>
        <translation>用于标示延迟的批次行数。</translation>
    </message>
    <message>
        <source>Rows without labels</source>
        <translation>无标签的行</translation>
    </message>
    <message>
        <source>Rows without labels are of use only where whole texts are answered, and where the teacher is a run.</source>
        <translation>仅当对整条文本作答且教师为一次运行时，无标签的行才有用。</translation>
    </message>
    <message>
        <source>Self-training</source>
        <translation>自训练</translation>
    </message>
    <message>
        <source>Set strategy.layer to a number up to {blocks}, or to 0 for the last block.</source>
        <translation>请将 strategy.layer 设为不超过 {blocks} 的数，或设为 0 以使用最后一层。</translation>
    </message>
    <message>
        <source>Set strategy.student to backbone, choose a small model, and let it learn from the answers alone.</source>
        <translation>请将 strategy.student 设为 backbone，选择一个小型模型，并使其仅从答案中学习。</translation>
    </message>
    <message>
        <source>Sets the smallest weights to zero: the file compresses better, but answers take as long as before.</source>
        <translation>将最小的权重设为零：文件更易压缩，但作答时间与之前相同。</translation>
    </message>
    <message>
        <source>Share kept</source>
        <translation>保留比例</translation>
    </message>
    <message>
        <source>Share of its answers in the loss; the rest is that of the true labels.</source>
        <translation>训练好的模型的答案在损失中的占比；其余为真实标签的占比。</translation>
    </message>
    <message>
        <source>Share of the parameters</source>
        <translation>参数占比</translation>
    </message>
    <message>
        <source>Share of the squared singular values that every layer keeps.</source>
        <translation>每层保留的奇异值平方的比例。</translation>
    </message>
    <message>
        <source>Share of the time</source>
        <translation>时间比例</translation>
    </message>
    <message>
        <source>Share of the trained model&apos;s score on the validation rows that may be lost.</source>
        <translation>允许损失的验证得分占训练好的模型在验证数据上得分的比例。</translation>
    </message>
    <message>
        <source>Share of the values within the range, in percent.</source>
        <translation>落在范围内的数值所占的比例，以百分数表示。</translation>
    </message>
    <message>
        <source>Share of the width</source>
        <translation>宽度比例</translation>
    </message>
    <message>
        <source>Share of zeros</source>
        <translation>零值比例</translation>
    </message>
    <message>
        <source>So many of the layers whose rounding changes the answers most stay as they are; 0 measures none.</source>
        <translation>取整后对答案影响最大的若干层保持不变；0 表示一层也不测量。</translation>
    </message>
    <message>
        <source>Some attention heads cannot be cut out of this network, since they share keys or a table of positions with others; its neurons make up for it.</source>
        <translation>某些注意力头无法从此网络中剪除，因为它们与其他注意力头共用键或位置表；由神经元来补足。</translation>
    </message>
    <message>
        <source>Some layers of the trained model; a narrower network made of it; another model; or the network as the steps before have left it.</source>
        <translation>训练好的模型的若干层；由它制成的较窄网络；另一个模型；或先前步骤处理后的网络。</translation>
    </message>
    <message>
        <source>Start from the backbone that it came from, or from another run; it can still be used as a teacher.</source>
        <translation>请从它所来自的骨干模型或另一个运行开始；它仍然可以用作教师模型。</translation>
    </message>
    <message>
        <source>Static int8</source>
        <translation>静态 int8</translation>
    </message>
    <message>
        <source>Stores the weights in 16 bits: half the size for every task. Computed in fp32, so neither faster nor slower.</source>
        <translation>以 16 位存储权重：适用于所有任务，大小减半。以 fp32 计算，因此既不更快也不更慢。</translation>
    </message>
    <message>
        <source>Strength of balancing</source>
        <translation>恢复力强度</translation>
    </message>
    <message>
        <source>Structured pruning</source>
        <translation>结构化剪枝</translation>
    </message>
    <message>
        <source>Takes out the attention heads and feed-forward neurons that matter least: smaller and faster everywhere.</source>
        <translation>剪除最不重要的注意力头和前馈神经元：在任何地方都更小、更快。</translation>
    </message>
    <message>
        <source>Takes whole layers out, and lets the trained model teach what is left: half the layers, twice the speed.</source>
        <translation>移除整层，并由训练好的模型教导余下的部分：层数减半，速度翻倍。</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Target data</source>
        <translation>目标数据</translation>
    </message>
    <message>
        <source>That an answer may take at most, of that of the trained model. The largest rank is looked for.</source>
        <translation>一次作答最多可用的时间，以训练好的模型所用时间的比例表示。将寻找满足条件的最大秩。</translation>
    </message>
    <message>
        <source>That share a scale: small blocks are more exact, and a little larger.</source>
        <translation>共用一个缩放系数的权重数：块小则更精确，但体积略大。</translation>
    </message>
    <message>
        <source>The adaptation of the backbone is left out here, since it would be done again in each training; with it the results may differ.</source>
        <translation>此处省略骨干网络的领域适应，否则每次训练都要重做；进行领域适应时结果可能不同。</translation>
    </message>
    <message>
        <source>The backbone once (or not at all), and the small adapters of this run and of others, switched by name. For Python programs that do several jobs with one network in memory.</source>
        <translation>骨干网络只存一份（或不附带），以及本次运行和其他运行的小型适配器，按名称切换。适合在内存中用同一个网络完成多种任务的 Python 程序。</translation>
    </message>
    <message>
        <source>The bundle {path} cannot be opened: {reason}.</source>
        <translation>无法打开包 {path}：{reason}。</translation>
    </message>
    <message>
        <source>The data of the run {run} is no longer the same: it had {before} rows, and now has {after}.</source>
        <translation>运行 {run} 的数据已与之前不同：原有 {before} 行，现有 {after} 行。</translation>
    </message>
    <message>
        <source>The export &apos;{export}&apos; needs a compression step such as &apos;{step}&apos;, which this recipe does not have.</source>
        <translation>导出 &apos;{export}&apos; 需要 &apos;{step}&apos; 之类的压缩步骤，而此配方中没有。</translation>
    </message>
    <message>
        <source>The exported model answers like the one it was made of: over {rows} rows no score differs by more than {difference}.</source>
        <translation>导出的模型与其来源模型结果一致：{rows} 行的得分差异均不超过 {difference}。</translation>
    </message>
    <message>
        <source>The exported model differs from the one it was made of: over {rows} rows a score differs by {difference}, and {tolerance} is allowed.</source>
        <translation>导出的模型与其来源模型不一致：{rows} 行中有得分相差 {difference}，而允许的上限为 {tolerance}。</translation>
    </message>
    <message>
        <source>The exported model gives the answer of the one it was made of for only {agreement} of {rows} rows; {tolerance} is expected.</source>
        <translation>导出的模型仅在 {rows} 行中的 {agreement} 上与其来源模型答案相同；预期为 {tolerance}。</translation>
    </message>
    <message>
        <source>The exported model gives the answer of the one it was made of for {agreement} of {rows} rows.</source>
        <translation>导出的模型在 {rows} 行中的 {agreement} 上与其来源模型答案相同。</translation>
    </message>
    <message>
        <source>The exported model was not compared with the one it was made of: there are no test rows.</source>
        <translation>导出的模型未与其来源模型对比：没有测试行。</translation>
    </message>
    <message>
        <source>The layers differ in width, which transformers has no setting for: the network is loaded by network.py, which comes with its exports. ONNX needs nothing.</source>
        <translation>各层宽度不同，而 transformers 没有对应的设置：网络由随导出文件附带的 network.py 加载。ONNX 不需要任何额外文件。</translation>
    </message>
    <message>
        <source>The layers of a network of type {kind} cannot be removed one by one.</source>
        <translation>类型为 {kind} 的网络，其层无法逐个移除。</translation>
    </message>
    <message>
        <source>The layers of a network of type {kind} cannot be taken or compared one by one.</source>
        <translation>无法逐层取用或比较类型为 {kind} 的网络的各层。</translation>
    </message>
    <message>
        <source>The layers of this network cannot be removed: parts were added to it or cut out of it.</source>
        <translation>此网络的层无法移除：曾有部件添加到其中或从中剪除。</translation>
    </message>
    <message>
        <source>The loss of a network of type {kind} does not say how much its units matter.</source>
        <translation>类型为 {kind} 的网络，其损失无法说明各单元的重要程度。</translation>
    </message>
    <message>
        <source>The model does not answer in a process of its own: {reason}</source>
        <translation>模型在独立进程中没有作答：{reason}</translation>
    </message>
    <message>
        <source>The model reads {most} tokens of a text at most, not {length}.</source>
        <translation>模型最多读取一段文本的 {most} 个词元，而不是 {length} 个。</translation>
    </message>
    <message>
        <source>The most frequent tokens of the vocabulary, which stay even if the training texts lack them, so that new texts are not read in letters. All characters and special tokens stay anyway.</source>
        <translation>词表中最常用的词元，即使训练文本中没有也会保留，以免新文本被逐字母读取。所有字符和特殊词元始终保留。</translation>
    </message>
    <message>
        <source>The network as one graph that PyTorch loads by itself, without transformers. For programs that have PyTorch already, and for its compilers.</source>
        <translation>整个网络作为一张图，由 PyTorch 直接加载，无需 transformers。适用于已有 PyTorch 的程序及其编译器。</translation>
    </message>
    <message>
        <source>The network computes numbers that fp16 cannot hold: it answers with no number.</source>
        <translation>此网络会计算出 fp16 无法容纳的数值：它的答案不是数值。</translation>
    </message>
    <message>
        <source>The network has {blocks} blocks and cannot be read after block {layer}.</source>
        <translation>该网络有 {blocks} 层，无法在第 {layer} 层之后读取。</translation>
    </message>
    <message>
        <source>The network has {most} layers; {count} cannot be kept.</source>
        <translation>网络共有 {most} 层，无法保留 {count} 层。</translation>
    </message>
    <message>
        <source>The network {kind} cannot be written as a graph of PyTorch: {reason}</source>
        <translation>网络 {kind} 无法写成 PyTorch 的计算图：{reason}</translation>
    </message>
    <message>
        <source>The rows of this task have no length in tokens.</source>
        <translation>此任务的数据行没有以词元计的长度。</translation>
    </message>
    <message>
        <source>The run has no validation rows, on which forms of its model could be compared.</source>
        <translation>此运行没有验证行，无法据此比较其模型的各种形式。</translation>
    </message>
    <message>
        <source>The run {run} divided the same data in another way: it may have learnt rows that are tested here, and the result may look too good.</source>
        <translation>运行 {run} 以不同方式划分了同一数据：它可能学习过此处用于测试的行，结果可能显得过好。</translation>
    </message>
    <message>
        <source>The run {run} has no measured point &apos;{key}&apos;.</source>
        <translation>运行 {run} 没有已测量的点“{key}”。</translation>
    </message>
    <message>
        <source>The step &apos;{name}&apos; cannot follow here: it cannot read what &apos;{before}&apos; gives.</source>
        <translation>步骤“{name}”不能接在这里：它无法读取“{before}”的输出。</translation>
    </message>
    <message>
        <source>The step needs the training rows, which are not there.</source>
        <translation>此步骤需要训练行，但训练行不存在。</translation>
    </message>
    <message>
        <source>The student also learns {count} rows without labels.</source>
        <translation>学生模型还会学习 {count} 个无标签的行。</translation>
    </message>
    <message>
        <source>The student has {own} million parameters, the trained model {others} million.</source>
        <translation>学生模型有 {own} 百万个参数，已训练模型有 {others} 百万个。</translation>
    </message>
    <message>
        <source>The validation rows give no {metric}.</source>
        <translation>验证行得不出 {metric}。</translation>
    </message>
    <message>
        <source>The weights of {count} layers lie on the grid of int8: rounding them moved them by {off} % at last. A dynamic int8 step after this one keeps them.</source>
        <translation>{count} 层的权重已落在 int8 的网格上：最后一次舍入使它们移动了 {off} %。其后的动态 int8 步骤会保留它们。</translation>
    </message>
    <message>
        <source>The whole network, so that layers come to differ in width; or each layer, which then keeps the same share. If only neurons are pruned so, transformers loads the network without further code.</source>
        <translation>整个网络，各层的宽度因此会有所不同；或逐层进行，每层保留相同的比例。如果只以此方式剪除神经元，transformers 无需额外代码即可加载该网络。</translation>
    </message>
    <message>
        <source>The whole network, so that some layers lose more; or each layer, which loses the same share.</source>
        <translation>整个网络，有些层会因此减去更多；或逐层进行，每层减去相同的比例。</translation>
    </message>
    <message>
        <source>The zeros grow during the recovery, fast at first (cubic), and are done after two thirds of it.</source>
        <translation>零在恢复训练期间逐渐增多，起初很快（三次曲线），到三分之二处完成。</translation>
    </message>
    <message>
        <source>There is no token for the hub.</source>
        <translation>没有用于 hub 的令牌。</translation>
    </message>
    <message>
        <source>Tokens of each row while times are taken; 0 takes the rows as they are.</source>
        <translation>测量时间时每行的词元数；0 表示按数据行原样处理。</translation>
    </message>
    <message>
        <source>Train again with a validation share above 0; the test rows are kept for the form that is chosen.</source>
        <translation>请以大于 0 的验证集比例重新训练；测试行留给最终选定的形式。</translation>
    </message>
    <message>
        <source>Train again with more validation rows.</source>
        <translation>请使用更多验证行重新训练。</translation>
    </message>
    <message>
        <source>Trained {epochs} epochs to recover in {minutes} minutes; best validation {metric}: {score}.</source>
        <translation>为恢复训练了 {epochs} 轮，用时 {minutes} 分钟；最佳验证 {metric}：{score}。</translation>
    </message>
    <message>
        <source>Training rows on which the ranges are found.</source>
        <translation>用于确定取值范围的训练行数。</translation>
    </message>
    <message>
        <source>Training rows that are looked at.</source>
        <translation>所查看的训练行数。</translation>
    </message>
    <message>
        <source>Trains on with the rounding of int8 in place, so that a following dynamic int8 step loses next to nothing.</source>
        <translation>在带有 int8 舍入的情况下继续训练，使其后的动态 int8 步骤几乎没有损失。</translation>
    </message>
    <message>
        <source>Unlabelled texts join the training with the labels that the network itself is surest of, more of them from epoch to epoch. For a target domain, or for many unlabelled rows beside few labelled ones.</source>
        <translation>无标签文本以网络自身最确信的标签加入训练，并逐轮增多。适用于目标领域，或标注行少而无标签行多的情形。</translation>
    </message>
    <message>
        <source>Unlabelled texts of another domain take part, and the backbone learns features that do not tell the domains apart. For a model that is to work where nobody has labelled anything.</source>
        <translation>另一领域的无标签文本参与训练，骨干网络学习无法区分两个领域的特征。适用于模型要用于完全没有标注的领域的情形。</translation>
    </message>
    <message>
        <source>Use ONNX Runtime instead.</source>
        <translation>请改用 ONNX Runtime。</translation>
    </message>
    <message>
        <source>Use bf16 instead.</source>
        <translation>请改用 bf16。</translation>
    </message>
    <message>
        <source>Vocabulary trimming</source>
        <translation>词表裁剪</translation>
    </message>
    <message>
        <source>Vocabulary trimming is for tasks that read texts; {task} does not.</source>
        <translation>词表裁剪适用于读取文本的任务；{task} 不读取文本。</translation>
    </message>
    <message>
        <source>Warning: {host} can be reached from other machines, by anyone, without a password.</source>
        <translation>警告：任何人无需密码即可从其他机器访问 {host}。</translation>
    </message>
    <message>
        <source>Weight of the trained model</source>
        <translation>已训练模型的权重占比</translation>
    </message>
    <message>
        <source>Weight-only int8 or int4</source>
        <translation>仅权重 int8 或 int4</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Weights a block</source>
        <translation>每块的权重数</translation>
    </message>
    <message>
        <source>Weights and activations as 8-bit integers, calibrated on the user&apos;s rows; convolutions too.</source>
        <translation>权重和激活值均为 8 位整数，用用户的数据行校准；卷积也包括在内。</translation>
    </message>
    <message>
        <source>Weights and activations, calibrated on training rows: fastest; or the weights alone, which is nearer to the trained model and needs no rows.</source>
        <translation>权重和激活值，用训练行校准：速度最快；或仅权重，更接近已训练模型，且不需要数据行。</translation>
    </message>
    <message>
        <source>Weights as 8-bit or 4-bit integers in small blocks: a quarter to an eighth of the size, no calibration.</source>
        <translation>权重以小块为单位存为 8 位或 4 位整数：大小为四分之一到八分之一，无需校准。</translation>
    </message>
    <message>
        <source>Weights beyond it are written as several files, which loads with less memory and passes the limits of hosts; 0 never splits.</source>
        <translation>超过此大小的权重会写成多个文件，加载时占用内存更少，也能满足托管平台的限制；0 表示从不拆分。</translation>
    </message>
    <message>
        <source>Weights in 16 bits: half the size at hardly a loss of accuracy. Not faster on a processor.</source>
        <translation>权重为 16 位：大小减半，准确率几乎没有损失。在处理器上不会更快。</translation>
    </message>
    <message>
        <source>Weights in bf16</source>
        <translation>bf16 权重</translation>
    </message>
    <message>
        <source>What a layer&apos;s matrix keeps of its effect; the share of its numbers that is left; or the time that an answer takes, measured on this machine.</source>
        <translation>层的矩阵所保留的作用比例；剩余数值的比例；或在本机上测得的一次回答所需的时间。</translation>
    </message>
    <message>
        <source>What goes into a layer, as int8 rounds it while running.</source>
        <translation>进入层的内容，按 int8 在运行时的舍入方式处理。</translation>
    </message>
    <message>
        <source>What is in int8</source>
        <translation>哪些部分为 int8</translation>
    </message>
    <message>
        <source>What is made less of: parameters or operations of attention and feed-forward layers, or the time of an answer, measured on this computer.</source>
        <translation>要减少的对象：注意力层和前馈层的参数或运算，或在本计算机上测得的一次回答的时间。</translation>
    </message>
    <message>
        <source>Where no OpenVINO step has made int8 of them; fp16 is half the size.</source>
        <translation>适用于没有被 OpenVINO 步骤转为 int8 的部分；fp16 的大小为一半。</translation>
    </message>
    <message>
        <source>Which layers go</source>
        <translation>移除哪些层</translation>
    </message>
    <message>
        <source>With which the latency is stated.</source>
        <translation>说明延迟时所采用的值。</translation>
    </message>
    <message>
        <source>Without it the adapters alone are written, once they are proven on it: some megabytes, for those who have the backbone already.</source>
        <translation>若不附带，则在与骨干网络一起通过验证后只写出适配器：仅几兆字节，适合已有骨干网络的人。</translation>
    </message>
    <message>
        <source>Writes large matrices as products of two small ones, and lets the trained model teach what is left.</source>
        <translation>把大矩阵写成两个小矩阵的乘积，并由已训练模型来教导剩余部分。</translation>
    </message>
    <message>
        <source>Zeros anywhere; or N of any M neighbours stay, as sparse kernels of some accelerators need it.</source>
        <translation>零可在任意位置；或每 M 个相邻值中保留 N 个，这是某些加速器的稀疏内核所要求的。</translation>
    </message>
    <message>
        <source>fp32: the file is half as large, and answers as fast as before, on every processor. fp16: for graphics cards; processors have no instructions for it, and are slower.</source>
        <translation>fp32：文件大小减半，在各种处理器上的回答速度与之前相同。fp16：适用于显卡；处理器没有对应的指令，因此会更慢。</translation>
    </message>
    <message>
        <source>{before} MB became {after} MB for OpenVINO.</source>
        <translation>{before} MB 变为 {after} MB，用于 OpenVINO。</translation>
    </message>
    <message>
        <source>{before} MB became {after} MB in fp16; no answer to {rows} rows differs by more than {difference}.</source>
        <translation>{before} MB 变为 fp16 的 {after} MB；{rows} 行的回答差异均不超过 {difference}。</translation>
    </message>
    <message>
        <source>{before} operators became {after}: {fused}. No answer differs by more than {difference}.</source>
        <translation>{before} 个算子变为 {after} 个：{fused}。所有回答的差异均不超过 {difference}。</translation>
    </message>
    <message>
        <source>{count} of {all} target texts join with labels of their own.</source>
        <translation>共 {all} 条目标文本，其中 {count} 条以模型给出的伪标签加入训练。</translation>
    </message>
    <message>
        <source>{host}:{port} cannot be listened on: {reason}.</source>
        <translation>无法在 {host}:{port} 上监听：{reason}。</translation>
    </message>
    <message>
        <source>{layers} % of the weights are {bits}-bit integers in blocks now, and {embeddings} % are embeddings in 8 bits: {before} MB became {after} MB.</source>
        <translation>现在 {layers} % 的权重为分块的 {bits} 位整数，{embeddings} % 为 8 位嵌入：{before} MB 变为 {after} MB。</translation>
    </message>
    <message>
        <source>{model} reads texts in other tokens than the trained model, whose answers are one a token: they cannot be taught.</source>
        <translation>{model} 读取文本所用的词元与已训练模型不同，而后者的回答是每个词元一个：无法进行教导。</translation>
    </message>
    <message>
        <source>{name} has no trained model, so there is nothing to keep.</source>
        <translation>{name} 尚未学习：无法防止其被遗忘。</translation>
    </message>
    <message>
        <source>{other} takes other rows than {first}: they cannot be compared.</source>
        <translation>{other} 使用的数据行与 {first} 不同：无法比较。</translation>
    </message>
    <message>
        <source>{parameters} million parameters are stored in 16 bits: {before} MB became {after} MB.</source>
        <translation>{parameters} 百万个参数以 16 位存储：{before} MB 变为 {after} MB。</translation>
    </message>
    <message>
        <source>{path} cannot be loaded by OpenVINO: {reason}</source>
        <translation>OpenVINO 无法加载 {path}：{reason}</translation>
    </message>
    <message>
        <source>{path} cannot be loaded by PyTorch: {reason}</source>
        <translation>PyTorch 无法加载 {path}：{reason}</translation>
    </message>
    <message>
        <source>{path} has parts of its own ({parts}) that another training would lose.</source>
        <translation>{path} 带有自己的附加部分（{parts}），再次训练会丢失它们。</translation>
    </message>
    <message>
        <source>{path} is a link to a file elsewhere.</source>
        <translation>{path} 是指向别处文件的链接。</translation>
    </message>
    <message>
        <source>{path} is no export: it has no model card.</source>
        <translation>{path} 不是导出：它没有模型卡片。</translation>
    </message>
    <message>
        <source>{percent} % of the weights are 8-bit integers now, calibrated on {rows} rows: {before} MB became {after} MB.</source>
        <translation>现在 {percent} % 的权重为 8 位整数，用 {rows} 行校准：{before} MB 变为 {after} MB。</translation>
    </message>
    <message>
        <source>{percent} % of the {rows} rows of the split {split} have words that are read in smaller pieces now.</source>
        <translation>在 {split} 划分的 {rows} 行中，现在有 {percent} % 含有以更小片段读取的词。</translation>
    </message>
    <message>
        <source>{percent} % of {count} million weights of the blocks are zero. The model file keeps its size; compressed (zip) it takes {after} MB instead of {before} MB. Usual kernels compute zeros like other numbers: this network is not faster.</source>
        <translation>各块的 {count} 百万个权重中有 {percent} % 为零。模型文件大小不变；压缩后（zip）占 {after} MB，而非 {before} MB。普通内核会像计算其他数一样计算零：此网络不会更快。</translation>
    </message>
    <message>
        <source>{problem}</source>
        <translation>{problem}</translation>
    </message>
    <message>
        <source>{repo} cannot be written on the hub: {reason}</source>
        <translation>无法写入 hub 上的 {repo}：{reason}</translation>
    </message>
    <message>
        <source>{title} cannot be done: {reason}</source>
        <translation>无法执行“{title}”：{reason}</translation>
    </message>
    <message>
        <source>{title} could not be written: {problem} {remedy}</source>
        <translation>无法写出 {title}：{problem} {remedy}</translation>
    </message>
    <message>
        <source>{title} finds no layer in this network that it could make smaller.</source>
        <translation>“{title}”在此网络中找不到可以缩小的层。</translation>
    </message>
    <message>
        <source>{title} needs {package}, which is not installed.</source>
        <translation>{title} 需要 {package}，但尚未安装。</translation>
    </message>
    <message>
        <source>{title}: {percent:.1f} % of the size and {time:.1f} % of the time of the trained model, {lost:+.2f} % of its score lost.</source>
        <translation>{title}：大小为已训练模型的 {percent:.1f} %，时间为 {time:.1f} %，得分损失 {lost:+.2f} %。</translation>
    </message>
    <message>
        <source>{variant}: {value:+.1f} points (95 % interval {low:+.1f} to {high:+.1f}).</source>
        <translation>{variant}：{value:+.1f} 个百分点（95 % 置信区间 {low:+.1f} 至 {high:+.1f}）。</translation>
    </message>
    <message>
        <source>{variant}: {value:+.1f} points, which may be chance (95 % interval {low:+.1f} to {high:+.1f}).</source>
        <translation>{variant}：{value:+.1f} 个百分点，可能只是偶然（95 % 置信区间 {low:+.1f} 至 {high:+.1f}）。</translation>
    </message>
    <message>
        <source>Name the folder of a finished run or of an export.</source>
        <translation>请指定已完成的运行或导出的文件夹。</translation>
    </message>
    <message>
        <source>Names begin with what they are, such as hub:, sqlite:/// or sample:.</source>
        <translation>名称以其类型开头，例如 hub:、sqlite:/// 或 sample:。</translation>
    </message>
    <message>
        <source>Near duplicates</source>
        <translation>近似重复项</translation>
    </message>
    <message>
        <source>Nearest words</source>
        <translation>最近词数</translation>
    </message>
    <message>
        <source>Neighbouring keys</source>
        <translation>相邻按键</translation>
    </message>
    <message>
        <source>New names</source>
        <translation>新名称</translation>
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
        <source>No labelled rows are left after the data steps.</source>
        <translation>执行数据处理步骤后，没有剩下任何带标签的行。</translation>
    </message>
    <message>
        <source>No model is chosen.</source>
        <translation>未选择模型。</translation>
    </message>
    <message>
        <source>No row has &apos;{value}&apos; in the column &apos;{column}&apos;; it has: {known}.</source>
        <translation>列“{column}”中没有值为“{value}”的行；现有的值：{known}。</translation>
    </message>
    <message>
        <source>No rows are left for {split}.</source>
        <translation>{split} 数据集中没有剩余的行。</translation>
    </message>
    <message>
        <source>No values of &apos;{column}&apos; are chosen for the test rows; it has: {known}.</source>
        <translation>尚未为测试行选择“{column}”的值；现有的值：{known}。</translation>
    </message>
    <message>
        <source>Not used.</source>
        <translation>不使用。</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>数值</translation>
    </message>
    <message>
        <source>Number of the column of the tags; auto is the last, in CoNLL-U 4.</source>
        <translation>标记所在列的序号；自动：最后一列，CoNLL-U 中为第 4 列。</translation>
    </message>
    <message>
        <source>Number of the column of the tokens; auto is 1, in CoNLL-U 2.</source>
        <translation>词元所在列的序号；自动：第 1 列，CoNLL-U 中为第 2 列。</translation>
    </message>
    <message>
        <source>Number of the content (16 hexadecimal digits) to its label; a label may be a new one.</source>
        <translation>从内容编号（16 位十六进制数）到其标签；标签可以是新的。</translation>
    </message>
    <message>
        <source>Numbers of the contents, 16 hexadecimal digits each, as the doctor gives them.</source>
        <translation>内容编号，每个为 16 位十六进制数，由数据诊断给出。</translation>
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
        <source>Of images: 1 less the mean difference of their pixels, as small copies.</source>
        <translation>用于图像：1 减去缩小后两图像素的平均差。</translation>
    </message>
    <message>
        <source>Of texts: the share of words and word pairs that two have in common (Jaccard index).</source>
        <translation>用于文本：两条文本共有的词和词对所占的比例（Jaccard 指数）。</translation>
    </message>
    <message>
        <source>Of the beta distribution that the area of the box is drawn from; 1 makes every area as likely.</source>
        <translation>beta 分布的参数，矩形区域的面积由该分布抽取；1 表示各种面积的可能性相同。</translation>
    </message>
    <message>
        <source>Of the beta distribution that the shares are drawn from: small values mix little, 1 mixes evenly.</source>
        <translation>beta 分布的参数，混合比例由该分布抽取：值小则混合少，1 表示均匀混合。</translation>
    </message>
    <message>
        <source>Old label to new label; two with the same new one are joined, and null drops a label.</source>
        <translation>从旧标签到新标签；新标签相同的两个标签会被合并，null 会去掉标签。</translation>
    </message>
    <message>
        <source>One JSON object a line; its keys are the columns.</source>
        <translation>每行一个 JSON 对象；其键即为列名。</translation>
    </message>
    <message>
        <source>One of the labels must be wrong, or the classes overlap: no model can get all of these rows right.</source>
        <translation>其中必有标签是错的，或者类别相互重叠：任何模型都无法将这些行全部判对。</translation>
    </message>
    <message>
        <source>One of the two labels may be wrong; or the few words that differ decide, which is hard to learn.</source>
        <translation>两个标签中可能有一个是错的；或者类别取决于少数几个不同的词，这很难学会。</translation>
    </message>
    <message>
        <source>One sheet of a workbook; the first row with values is the header.</source>
        <translation>工作簿中的一个工作表；第一个有值的行是表头。</translation>
    </message>
    <message>
        <source>One tag for each token.</source>
        <translation>每个词元对应一个标记。</translation>
    </message>
    <message>
        <source>One text is</source>
        <translation>一条文本为</translation>
    </message>
    <message>
        <source>One token and its tag a line, separated by a tab or spaces, with a blank line between sentences.</source>
        <translation>每行一个词元及其标记，以制表符或空格分隔，句子之间有一个空行。</translation>
    </message>
    <message>
        <source>Only their beginning is read; half of them lose {lost} % or more. A length of {suggested} tokens would read {covered} % of the texts whole, and takes more time.</source>
        <translation>只读取这些文本的开头；其中半数会丢失 {lost} % 或更多。长度设为 {suggested} 个词元可完整读取 {covered} % 的文本，但耗时更长。</translation>
    </message>
    <message>
        <source>Open it in a spreadsheet program and save it again, or save the sheet as CSV.</source>
        <translation>请在电子表格程序中打开并重新保存，或将工作表另存为 CSV。</translation>
    </message>
    <message>
        <source>Optional separate file.</source>
        <translation>可选的单独文件。</translation>
    </message>
    <message>
        <source>Options of the data doctor&apos;s checks, such as thresholds, by name.</source>
        <translation>数据诊断各检查项的选项（例如阈值），按名称列出。</translation>
    </message>
    <message>
        <source>Outliers</source>
        <translation>离群样本</translation>
    </message>
    <message>
        <source>PNG, JPEG, WebP, GIF, BMP and TIFF in a sub-folder a class, or with a metadata file.</source>
        <translation>PNG、JPEG、WebP、GIF、BMP 和 TIFF，每个类别一个子文件夹，或附带元数据文件。</translation>
    </message>
    <message>
        <source>Parquet</source>
        <translation>Parquet 文件</translation>
    </message>
    <message>
        <source>Part of the dataset, such as a language; auto takes the usual one.</source>
        <translation>数据集的一部分，例如某种语言；自动：取常用的部分。</translation>
    </message>
    <message>
        <source>Parts of the data in k-fold; each is tested once.</source>
        <translation>k-fold 中数据的份数；每份测试一次。</translation>
    </message>
    <message>
        <source>Passes over the training rows, at most; early stopping may end sooner.</source>
        <translation>遍历训练数据的最多次数；早停可能使训练更早结束。</translation>
    </message>
    <message>
        <source>Pastes a box of one image into another; the labels are mixed by the area. Takes more epochs.</source>
        <translation>将一张图像中的矩形区域贴到另一张图像上；标签按面积混合。需要更多轮次。</translation>
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
        <source>Personal data</source>
        <translation>个人数据</translation>
    </message>
    <message>
        <source>Phone numbers</source>
        <translation>电话号码</translation>
    </message>
    <message>
        <source>Plain text</source>
        <translation>纯文本</translation>
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
        <source>Probability</source>
        <translation>概率</translation>
    </message>
    <message>
        <source>Probable wrong labels</source>
        <translation>可能错误的标签</translation>
    </message>
    <message>
        <source>Processor threads; auto takes the physical cores.</source>
        <translation>处理器线程数；自动：取物理核心数。</translation>
    </message>
    <message>
        <source>Punctuation noise</source>
        <translation>标点噪声</translation>
    </message>
    <message>
        <source>Put a blank line after each sentence.</source>
        <translation>请在每个句子后留一个空行。</translation>
    </message>
    <message>
        <source>Put the text and the label at the top.</source>
        <translation>请将文本和标签放在顶层。</translation>
    </message>
    <message>
        <source>Put them into a sub-folder a class, add a metadata.csv with the columns file_name and label, or set data.labels to none.</source>
        <translation>请按每个类别一个子文件夹放置，或添加含 file_name 和 label 列的 metadata.csv，或将 data.labels 设为 none。</translation>
    </message>
    <message>
        <source>Puts a mark after a word that has none (AEDA).</source>
        <translation>在没有标点的词后添加一个标点（AEDA）。</translation>
    </message>
    <message>
        <source>Puts punctuation in, leaves it out or repeats it; no word changes. The mildest of the text changes.</source>
        <translation>添加、删去或重复标点；不改动任何词。这是最温和的文本改动。</translation>
    </message>
    <message>
        <source>Query</source>
        <translation>查询</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Quote values that contain the delimiter, close every quotation mark, or add or remove values in this line.</source>
        <translation>请为包含分隔符的值加上引号，补全所有引号，或增减该行的值。</translation>
    </message>
    <message>
        <source>ROC AUC, one against rest</source>
        <translation>ROC AUC，一对其余</translation>
    </message>
    <message>
        <source>RandAugment</source>
        <translation>RandAugment</translation>
    </message>
    <message>
        <source>Random crop</source>
        <translation>随机裁剪</translation>
    </message>
    <message>
        <source>Random deletion</source>
        <translation>随机删除</translation>
    </message>
    <message>
        <source>Random erasing</source>
        <translation>随机擦除</translation>
    </message>
    <message>
        <source>Random pixels, which the paper found best; the mean colour; or black.</source>
        <translation>随机像素，论文发现效果最好；也可以是平均颜色或黑色。</translation>
    </message>
    <message>
        <source>Random swap</source>
        <translation>随机交换</translation>
    </message>
    <message>
        <source>Rare classes</source>
        <translation>稀有类别</translation>
    </message>
    <message>
        <source>Read more of each text</source>
        <translation>读取每段文本的更多内容</translation>
    </message>
    <message>
        <source>Recent English encoder; texts up to 8,192 tokens and source code.</source>
        <translation>较新的英语编码器；支持最长 8,192 个词元的文本和源代码。</translation>
    </message>
    <message>
        <source>Records</source>
        <translation>记录</translation>
    </message>
    <message>
        <source>Refuse the file if an answer does not stand where it says.</source>
        <translation>如果答案不在其所述的位置，则拒绝该文件。</translation>
    </message>
    <message>
        <source>Rehearsal: a step takes {fp32} ms in fp32 and {bf16} ms in bf16; {chosen} is used.</source>
        <translation>试跑：每步在 fp32 下耗时 {fp32} ms，在 bf16 下耗时 {bf16} ms；将使用 {chosen}。</translation>
    </message>
    <message>
        <source>Remove it from the folder, or rename it.</source>
        <translation>请将其从文件夹中移除，或重命名。</translation>
    </message>
    <message>
        <source>Remove it in the Data step.</source>
        <translation>请在“数据”步骤中将其移除。</translation>
    </message>
    <message>
        <source>Remove it, or correct its spelling.</source>
        <translation>请将其移除，或更正拼写。</translation>
    </message>
    <message>
        <source>Remove the step that takes them out, or choose other data.</source>
        <translation>请移除排除这些行的步骤，或选择其他数据。</translation>
    </message>
    <message>
        <source>Rename labels</source>
        <translation>重命名标签</translation>
    </message>
    <message>
        <source>Rename them</source>
        <translation>重命名这些标签</translation>
    </message>
    <message>
        <source>Renames, joins or drops labels.</source>
        <translation>重命名、合并或去掉标签。</translation>
    </message>
    <message>
        <source>Repair them</source>
        <translation>修复这些文本</translation>
    </message>
    <message>
        <source>Repair wrong encodings</source>
        <translation>修复错误编码</translation>
    </message>
    <message>
        <source>Repairs of the data, applied in order.</source>
        <translation>对数据的修复，按顺序应用。</translation>
    </message>
    <message>
        <source>Repeat</source>
        <translation>重复</translation>
    </message>
    <message>
        <source>Replace or remove the file; the Data pane lists all broken images.</source>
        <translation>请替换或移除该文件；“数据”面板会列出所有损坏的图像。</translation>
    </message>
    <message>
        <source>Replaced by [EMAIL].</source>
        <translation>替换为 [EMAIL]。</translation>
    </message>
    <message>
        <source>Replaced by [PHONE].</source>
        <translation>替换为 [PHONE]。</translation>
    </message>
    <message>
        <source>Replaces e-mail addresses, phone, card, account and identity numbers by [EMAIL], [PHONE] and so on.</source>
        <translation>将电子邮件地址、电话号码、银行卡号、银行账号和证件号码替换为 [EMAIL]、[PHONE] 等。</translation>
    </message>
    <message>
        <source>Resamples behind each 95 % interval.</source>
        <translation>计算每个 95 % 置信区间所用的重采样次数。</translation>
    </message>
    <message>
        <source>Resolves HTML entities and joins spaces; can leave out addresses, mentions and retweet marks.</source>
        <translation>还原 HTML 实体并合并空格；还可删去网址、提及和转发标记。</translation>
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
        <source>Robust standard deviations by which the distance to the nearest class is above the usual one.</source>
        <translation>到最近类别的距离高出通常距离多少个稳健标准差。</translation>
    </message>
    <message>
        <source>Roles</source>
        <translation>列角色</translation>
    </message>
    <message>
        <source>Rotation</source>
        <translation>旋转</translation>
    </message>
    <message>
        <source>Row {row} of {path} cannot be used: {reason}.</source>
        <translation>无法使用 {path} 的第 {row} 行：{reason}。</translation>
    </message>
    <message>
        <source>Row {row} of {path} has a text of {characters} characters; only its beginning will be read.</source>
        <translation>{path} 的第 {row} 行文本有 {characters} 个字符；只会读取开头部分。</translation>
    </message>
    <message>
        <source>Row {row} of {path} has no fitting number in the column &apos;{column}&apos;: {value}</source>
        <translation>{path} 的第 {row} 行在列“{column}”中没有合适的数值：{value}</translation>
    </message>
    <message>
        <source>Row {row} of {path} has no time in the column &apos;{column}&apos;: {value}</source>
        <translation>{path} 的第 {row} 行在列“{column}”中没有时间：{value}</translation>
    </message>
    <message>
        <source>Row {row}, column {column} of sheet &apos;{sheet}&apos; in {path} holds the error {value}; there are {count} such.</source>
        <translation>{path} 中工作表“{sheet}”第 {row} 行、第 {column} 列为错误值 {value}；此类错误共 {count} 处。</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>Rows can be drawn equally from all classes only where each row has exactly one class.</source>
        <translation>仅当每一行恰好属于一个类别时，才能从所有类别中等量抽取行。</translation>
    </message>
    <message>
        <source>Rows for each step of the optimiser.</source>
        <translation>优化器每一步使用的行数。</translation>
    </message>
    <message>
        <source>Rows of the largest class for one of the smallest.</source>
        <translation>最大类别与最小类别的行数之比。</translation>
    </message>
    <message>
        <source>Rows that a classifier which has not seen them would surely label otherwise.</source>
        <translation>未见过这些行的分类器会确信地标为其他标签的行。</translation>
    </message>
    <message>
        <source>Rows that are unlike those of every class.</source>
        <translation>与所有类别的行都不相似的行。</translation>
    </message>
    <message>
        <source>Rows with the same content and different labels.</source>
        <translation>内容相同而标签不同的行。</translation>
    </message>
    <message>
        <source>Rows with the same content and label, and rows that are both learnt and tested.</source>
        <translation>内容和标签都相同的行，以及既用于训练又用于测试的行。</translation>
    </message>
    <message>
        <source>Rows without a text or a label, also those of spaces and invisible characters only.</source>
        <translation>没有文本或标签的行，包括仅含空格和不可见字符的行。</translation>
    </message>
    <message>
        <source>Sample of digits</source>
        <translation>手写数字示例</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>抽样</translation>
    </message>
    <message>
        <source>Saturation</source>
        <translation>饱和度</translation>
    </message>
    <message>
        <source>Save a copy without a password, or as CSV.</source>
        <translation>请另存一份不带密码的副本，或另存为 CSV。</translation>
    </message>
    <message>
        <source>Save the dictionary as UTF-8.</source>
        <translation>请将词典另存为 UTF-8。</translation>
    </message>
    <message>
        <source>Save the rows as JSON Lines (one object a line), or as one list.</source>
        <translation>请将数据行保存为 JSON Lines（每行一个对象），或保存为一个列表。</translation>
    </message>
    <message>
        <source>Save the sheet as CSV.</source>
        <translation>请将工作表另存为 CSV。</translation>
    </message>
    <message>
        <source>Say which one, such as hub:{name}#{first}/train.</source>
        <translation>请指明是哪一个，例如 hub:{name}#{first}/train。</translation>
    </message>
    <message>
        <source>Second text</source>
        <translation>第二文本</translation>
    </message>
    <message>
        <source>Tag all parts of a word</source>
        <translation>标记词的所有部分</translation>
    </message>
    <message>
        <source>Tag scheme</source>
        <translation>标记方案</translation>
    </message>
    <message>
        <source>Target language</source>
        <translation>目标语言</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Test rows that are answered in words and compared with the responses (ROUGE-L); the perplexity is measured on all.</source>
        <translation>用文字作答并与参考回复比较（ROUGE-L） 的测试行数；困惑度在全部测试行上测量。</translation>
    </message>
    <message>
        <source>Test values</source>
        <translation>测试值</translation>
    </message>
    <message>
        <source>Test: {metric} {value} (95 % interval {low} to {high}) on {rows} rows; {baseline}: {reached}.</source>
        <translation>测试：{metric} {value}（95 % 置信区间 {low} 至 {high}），{rows} 行；{baseline}：{reached}。</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Text encoding, such as utf-8.</source>
        <translation>文本编码，例如 utf-8。</translation>
    </message>
    <message>
        <source>Texts become vectors that are close where the meaning is: for search, matching and clustering. Learns from pairs that belong together, or that have a score.</source>
        <translation>把文本变成向量，意思相近则距离相近：用于搜索、匹配和聚类。从彼此对应或带有评分的文本对中学习。</translation>
    </message>
    <message>
        <source>The answer to a question is found in a passage, word for word; some questions may have none.</source>
        <translation>在段落中逐字找出问题的答案；有些问题可能没有答案。</translation>
    </message>
    <message>
        <source>The backbone has lost its text tower, so it is not asked without training.</source>
        <translation>该骨干网络缺少文本塔，因此不进行免训练评测。</translation>
    </message>
    <message>
        <source>The change is scaled by alpha / rank; auto takes twice the rank.</source>
        <translation>变化量按 alpha / rank 缩放；自动：取 rank 的两倍。</translation>
    </message>
    <message>
        <source>The chat template of the model does not take a conversation: {reason}</source>
        <translation>该模型的对话模板不接受这段对话：{reason}</translation>
    </message>
    <message>
        <source>The chat template of the model does not write this answer: {text}</source>
        <translation>该模型的对话模板写不出这个答案：{text}</translation>
    </message>
    <message>
        <source>The class &apos;{label}&apos; has boxes in the {split} images but none in the training images.</source>
        <translation>类别“{label}”在 {split} 图像中有框，但在训练图像中没有。</translation>
    </message>
    <message>
        <source>The classes are taken in this order, lowest first: {order}.</source>
        <translation>类别按以下顺序排列，从最低到最高：{order}。</translation>
    </message>
    <message>
        <source>The classes from the lowest to the highest, separated by commas, such as low, medium, high; auto sorts them by the numbers in their names.</source>
        <translation>从最低到最高的类别，以逗号分隔，例如 low, medium, high；自动：按名称中的数字排序。</translation>
    </message>
    <message>
        <source>The classic convolutional network; quick, takes images of any size.</source>
        <translation>经典的卷积网络；速度快，可接受任意大小的图像。</translation>
    </message>
    <message>
        <source>The classic vision transformer; accurate with some thousand images.</source>
        <translation>经典的视觉 Transformer；有几千张图像时准确率高。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; holds lists in one of {path} and {other}.</source>
        <translation>列“{column}”在 {path} 与 {other} 之一中是列表。</translation>
    </message>
    <message>
        <source>The files of {path} lie in one folder, and nothing tells their classes.</source>
        <translation>{path} 的文件都在同一个文件夹中，没有任何信息能说明其类别。</translation>
    </message>
    <message>
        <source>The format sentence-transformers is for models that turn texts into vectors; those of the task {task} do not.</source>
        <translation>sentence-transformers 格式适用于把文本变成向量的模型；任务“{task}”的模型不属于这一类。</translation>
    </message>
    <message>
        <source>The label &apos;{label}&apos; holds the sign that stands between labels, {sign}.</source>
        <translation>标签“{label}”中含有用于分隔多个标签的符号 {sign}。</translation>
    </message>
    <message>
        <source>The language mix has no dictionary.</source>
        <translation>语言混合没有词典。</translation>
    </message>
    <message>
        <source>The language of the row.</source>
        <translation>该行的语言。</translation>
    </message>
    <message>
        <source>There is no role &apos;{role}&apos;.</source>
        <translation>没有角色“{role}”。</translation>
    </message>
    <message>
        <source>Tokens of a window; longer sentences are read in several. Auto takes 128, or less if the model allows less.</source>
        <translation>一个窗口的词元数；较长的句子分多个窗口读取。自动：取 128，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens of question and passage together; longer passages are read in several windows. Auto takes 384, or less if the model allows less.</source>
        <translation>问题与段落合计的词元数；较长的段落分多个窗口读取。自动：取 384，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that are read of each prompt with its response; auto takes 512, or less if the model allows less.</source>
        <translation>每条提示连同回复读取的词元数；自动：取 512，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that are read of each text; auto takes 128 (256 for pairs), or less if the model allows less.</source>
        <translation>每条文本读取的词元数；自动：取 128（文本对取 256），如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that are read of each text; auto takes 128 for translations and 512 for summaries, or less if the model allows less.</source>
        <translation>每条文本读取的词元数；自动：翻译取 128，摘要取 512，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that are written at most, and learnt of each target; auto takes 128, or less if the model allows less.</source>
        <translation>最多写出的词元数，也是从每个目标文本中最多学习的词元数；自动：取 128，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that neighbouring windows of a long passage share; at most a quarter of a window.</source>
        <translation>长段落的相邻窗口共有的词元数；最多为窗口的四分之一。</translation>
    </message>
    <message>
        <source>Tokens that neighbouring windows of a long sentence share; at most half of a window.</source>
        <translation>长句子的相邻窗口共有的词元数；最多为窗口的一半。</translation>
    </message>
    <message>
        <source>Tokens that never come twice in a row; 0 allows it.</source>
        <translation>不得重复出现的连续词元数；0 表示允许重复。</translation>
    </message>
    <message>
        <source>Tokens that the model sees at once; auto takes 256, or less if the model allows less.</source>
        <translation>模型一次看到的词元数；自动：取 256，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Tokens that the model sees at once; longer texts are divided. Auto takes 128, or less if the model allows less.</source>
        <translation>模型一次看到的词元数；较长的文本会被切分。自动：取 128，如果模型上限更低则取更低的值。</translation>
    </message>
    <message>
        <source>Top-5 accuracy</source>
        <translation>Top-5 准确率</translation>
    </message>
    <message>
        <source>Training texts are joined until a block is full, with an end token between them, so that no time is lost on padding. Off: each text stands alone.</source>
        <translation>训练文本依次拼接直到填满一块，文本之间加结束词元，这样不会在填充上浪费时间。关闭：每条文本单独成块。</translation>
    </message>
    <message>
        <source>Translation</source>
        <translation>翻译</translation>
    </message>
    <message>
        <source>Triplets in order</source>
        <translation>三元组排序正确率</translation>
    </message>
    <message>
        <source>Typical difference in the units of the values</source>
        <translation>典型误差，以数值的单位计</translation>
    </message>
    <message>
        <source>Use the safetensors export, and train another task on it.</source>
        <translation>请使用 safetensors 导出，并用它训练其他任务。</translation>
    </message>
    <message>
        <source>Use the safetensors export.</source>
        <translation>请使用 safetensors 导出。</translation>
    </message>
    <message>
        <source>Validation metric that decides which weights are kept; auto takes the task&apos;s own.</source>
        <translation>决定保留哪些权重的验证指标；自动：取任务自身的指标。</translation>
    </message>
    <message>
        <source>ViT base</source>
        <translation>ViT base</translation>
    </message>
    <message>
        <source>WAV, FLAC, OGG, MP3, AIFF and AU in a sub-folder a class, or with a metadata file.</source>
        <translation>WAV、FLAC、OGG、MP3、AIFF 和 AU，每个类别一个子文件夹，或附带元数据文件。</translation>
    </message>
    <message>
        <source>Weights of positives</source>
        <translation>正例权重</translation>
    </message>
    <message>
        <source>Weights of rows are not used: the loss of a detector is a mean over boxes.</source>
        <translation>不使用行的权重：检测器的损失是对各个框取均值。</translation>
    </message>
    <message>
        <source>What is in each box.</source>
        <translation>每个框中的内容。</translation>
    </message>
    <message>
        <source>What the head of a text classifier reads: the mean over all tokens, or the first or last token. Auto takes the mean where the architecture allows it, else the token that its head uses.</source>
        <translation>文本分类头读取的内容：所有词元的均值，或第一个、最后一个词元。自动：架构允许时取均值，否则取其分类头使用的词元。</translation>
    </message>
    <message>
        <source>What the model is asked.</source>
        <translation>向模型提出的内容。</translation>
    </message>
    <message>
        <source>What the model should answer.</source>
        <translation>模型应给出的回答。</translation>
    </message>
    <message>
        <source>What training makes smaller</source>
        <translation>训练所要减小的量</translation>
    </message>
    <message>
        <source>What {path} says about the preparation of images cannot be read: {reason}</source>
        <translation>{path} 中关于图像预处理的说明无法读取：{reason}</translation>
    </message>
    <message>
        <source>Where objects are in the image: left, top, right and bottom of each, in pixels.</source>
        <translation>物体在图像中的位置：每个物体的左、上、右、下边界，以像素为单位。</translation>
    </message>
    <message>
        <source>Whether similar pairs get a higher cosine similarity</source>
        <translation>相似的文本对是否得到更高的余弦相似度</translation>
    </message>
    <message>
        <source>Whether the doctor makes this check.</source>
        <translation>数据诊断是否进行此项检查。</translation>
    </message>
    <message>
        <source>Whether “Hillary” also takes out “HILLARY”.</source>
        <translation>“Hillary”是否也去除“HILLARY”。</translation>
    </message>
    <message>
        <source>Which column is the text, the label, the group …</source>
        <translation>哪一列是文本、标签、分组…</translation>
    </message>
    <message>
        <source>Whole words</source>
        <translation>整词遮盖</translation>
    </message>
    <message>
        <source>Width of the small matrices: more can learn more, and takes more memory. Auto takes 16, or 8 for fewer than 1,000 training rows.</source>
        <translation>小矩阵的宽度：越大能学到的越多，占用的内存也越多。自动：取 16，训练行少于 1,000 时取 8。</translation>
    </message>
    <message>
        <source>With several beams: above 1 favours longer texts, below 1 shorter ones.</source>
        <translation>使用多个束时：大于 1 偏好较长的文本，小于 1 偏好较短的文本。</translation>
    </message>
    <message>
        <source>Within one class</source>
        <translation>偏差不超过一个类别</translation>
    </message>
    <message>
        <source>Within the test place</source>
        <translation>测试数据内部</translation>
    </message>
    <message>
        <source>Words in common</source>
        <translation>共同词</translation>
    </message>
    <message>
        <source>Write every tag as O or with a prefix such as B- or I-.</source>
        <translation>请将每个标记写成 O，或加上 B- 或 I- 等前缀。</translation>
    </message>
    <message>
        <source>Write numbers such as 0.5, choose another column, or leave the rows out with the data step drop-empty.</source>
        <translation>请填写数字（例如 0.5），选择其他列，或用数据处理步骤 drop-empty 排除这些行。</translation>
    </message>
    <message>
        <source>Write the tags as BIO (IOB2, IOB1), IO, BIOES or BILOU.</source>
        <translation>请按 BIO（IOB2、IOB1）、IO、BIOES 或 BILOU 书写标记。</translation>
    </message>
    <message>
        <source>Written answers</source>
        <translation>用文字作答的行</translation>
    </message>
    <message>
        <source>Written before each source; auto takes what the model states for the task, such as &apos;summarize: &apos; of T5, if anything.</source>
        <translation>写在每条源文本之前；自动：取模型为该任务规定的前缀（如有），例如 T5 的“summarize: ”。</translation>
    </message>
    <message>
        <source>a zip archive</source>
        <translation>zip 压缩包</translation>
    </message>
    <message>
        <source>an Arrow file</source>
        <translation>Arrow 文件</translation>
    </message>
    <message>
        <source>chrF</source>
        <translation>chrF 分数</translation>
    </message>
    <message>
        <source>its name is that of a language</source>
        <translation>其名称是一种语言的名称</translation>
    </message>
    <message>
        <source>its values are numbers</source>
        <translation>其值为数字</translation>
    </message>
    <message>
        <source>its values are sound files</source>
        <translation>其值为声音文件</translation>
    </message>
    <message>
        <source>mAP</source>
        <translation>mAP</translation>
    </message>
    <message>
        <source>mAP at 0.50</source>
        <translation>mAP@0.50</translation>
    </message>
    <message>
        <source>mAP at 0.75</source>
        <translation>mAP@0.75</translation>
    </message>
    <message>
        <source>nDCG at 10</source>
        <translation>nDCG@10</translation>
    </message>
    <message>
        <source>pixels</source>
        <translation>像素</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>sentence-transformers</source>
        <translation>sentence-transformers 格式</translation>
    </message>
    <message>
        <source>unnamed: 0</source>
        <translation>unnamed: 0</translation>
    </message>
    <message>
        <source>{count} boxes have a side of fewer than {pixels} pixels.</source>
        <translation>{count} 个框有一边少于 {pixels} 像素。</translation>
    </message>
    <message>
        <source>{count} boxes in {images} images are left out.</source>
        <translation>{images} 张图像中的 {count} 个框已被排除。</translation>
    </message>
    <message>
        <source>{count} of {rows} images have no boxes.</source>
        <translation>共 {rows} 张图像，其中 {count} 张没有框。</translation>
    </message>
    <message>
        <source>{count} of {rows} recordings are shorter than {seconds} seconds.</source>
        <translation>共 {rows} 段录音，其中 {count} 段短于 {seconds} 秒。</translation>
    </message>
    <message>
        <source>{count} of {rows} recordings are silent.</source>
        <translation>共 {rows} 段录音，其中 {count} 段无声。</translation>
    </message>
    <message>
        <source>{count} of {rows} recordings cannot be used.</source>
        <translation>共 {rows} 段录音，其中 {count} 段无法使用。</translation>
    </message>
    <message>
        <source>{count} of {rows} recordings have fewer than {rate} samples a second, and the others have more.</source>
        <translation>共 {rows} 段录音，其中 {count} 段的采样率低于每秒 {rate} 个样本，其余的更高。</translation>
    </message>
    <message>
        <source>{count} of {rows} test images are copies of others.</source>
        <translation>共 {rows} 张测试图像，其中 {count} 张是其他图像的副本。</translation>
    </message>
    <message>
        <source>{count} rows have no text, or lack a part of it.</source>
        <translation>{count} 行没有文本，或缺少其中一部分。</translation>
    </message>
    <message>
        <source>{count} rows of {path} are no conversations with an answer of the assistant, first row {row}: {value}</source>
        <translation>{path} 中有 {count} 行不是含有 assistant 回答的对话，首先出现在第 {row} 行：{value}</translation>
    </message>
    <message>
        <source>{count} rows of {path} have a box that is none, or not as many labels as boxes, first row {row}: {value}</source>
        <translation>{path} 中有 {count} 行的框无效，或标签数与框数不同，首先出现在第 {row} 行：{value}</translation>
    </message>
    <message>
        <source>{count} rows of {path} have no number in the column &apos;{column}&apos;, first row {row}: {value}</source>
        <translation>{path} 中有 {count} 行在列“{column}”中没有数字，首先出现在第 {row} 行：{value}</translation>
    </message>
    <message>
        <source>{count} rows of {path} have not as many tags as tokens, first row {row}: {value}</source>
        <translation>{path} 中有 {count} 行的标记数与词元数不同，首先出现在第 {row} 行：{value}</translation>
    </message>
    <message>
        <source>{count} rows that could be tested are too few for {folds} folds.</source>
        <translation>可用于测试的 {count} 行不足以划分为 {folds} 折。</translation>
    </message>
    <message>
        <source>{count} tags break the scheme {scheme}, such as &apos;{tag}&apos; in row {row} of {path}; what they mark counts as no entity.</source>
        <translation>{count} 个标记不符合方案 {scheme}，例如 {path} 第 {row} 行中的“{tag}”；它们所标的内容不计为实体。</translation>
    </message>
    <message>
        <source>{count} training questions have an answer that does not stand in their passage; they are left out.</source>
        <translation>{count} 个训练问题的答案不在其段落中；这些问题已被排除。</translation>
    </message>
    <message>
        <source>{count} training recordings are longer than {seconds} seconds; a part of each is read.</source>
        <translation>{count} 段训练录音长于 {seconds} 秒；每段只读取一部分。</translation>
    </message>
    <message>
        <source>{path} cannot be read as a GGUF model: {reason}</source>
        <translation>无法将 {path} 作为 GGUF 模型读取：{reason}</translation>
    </message>
    <message>
        <source>{path} has no column that names the files; it has: {columns}.</source>
        <translation>{path} 中没有指明文件名的列；现有的列：{columns}。</translation>
    </message>
    <message>
        <source>{path} has no rows.</source>
        <translation>{path} 没有数据行。</translation>
    </message>
    <message>
        <source>{path} has no sheet &apos;{sheet}&apos;.</source>
        <translation>{path} 没有工作表“{sheet}”。</translation>
    </message>
    <message>
        <source>{path} holds no images.</source>
        <translation>{path} 不含图像。</translation>
    </message>
    <message>
        <source>{path} holds no list of objects and no object of columns.</source>
        <translation>{path} 中既没有对象列表，也没有由列组成的对象。</translation>
    </message>
    <message>
        <source>{path} holds no recordings.</source>
        <translation>{path} 不含录音。</translation>
    </message>
    <message>
        <source>{path} is an empty folder.</source>
        <translation>{path} 是空文件夹。</translation>
    </message>
    <message>
        <source>{path} is damaged or in an unknown variant of its format: {reason}</source>
        <translation>{path} 已损坏，或其格式属于未知变体：{reason}</translation>
    </message>
    <message>
        <source>{path} is in none of the known formats; it looks like {kind}.</source>
        <translation>{path} 不属于任何已知格式；看起来像 {kind}。</translation>
    </message>
    <message>
        <source>{path} is in use: some changes are still in {beside}.</source>
        <translation>{path} 正在使用中：部分更改仍在 {beside} 中。</translation>
    </message>
    <message>
        <source>{path} is larger than 1 GB, and would have to fit into memory.</source>
        <translation>{path} 大于 1 GB，且须全部装入内存。</translation>
    </message>
    <message>
        <source>{path} is longer than {limit} MB, too long for one text.</source>
        <translation>{path} 超过 {limit} MB，作为一条文本过长。</translation>
    </message>
    <message>
        <source>{path} is neither the folder of a model nor one with data: it holds nothing to read.</source>
        <translation>{path} 既不是模型文件夹，也不是数据文件夹：其中没有可读取的内容。</translation>
    </message>
    <message>
        <source>{path} is no SQLite database.</source>
        <translation>{path} 不是 SQLite 数据库。</translation>
    </message>
    <message>
        <source>{path} is no file that {source} can read.</source>
        <translation>{path} 不是 {source} 能够读取的文件。</translation>
    </message>
    <message>
        <source>{path} is no folder with images and an XML file for each.</source>
        <translation>{path} 不是每张图像配有一个 XML 文件的文件夹。</translation>
    </message>
    <message>
        <source>{path} is no text file.</source>
        <translation>{path} 不是文本文件。</translation>
    </message>
    <message>
        <source>{path} is not UTF-8 text: line {line} has other bytes.</source>
        <translation>{path} 不是 UTF-8 文本：第 {line} 行含有其他字节。</translation>
    </message>
    <message>
        <source>{path} is not valid JSON at line {line}, column {column}: {reason}.</source>
        <translation>{path} 在第 {line} 行第 {column} 列处不是有效的 JSON：{reason}。</translation>
    </message>
    <message>
        <source>Run the recipe again; the other results are still shown.</source>
        <translation>请重新运行该配方；其他结果仍会显示。</translation>
    </message>
    <message>
        <source>Every layer is trained. The most accurate choice when there are a few hundred labelled rows or more.</source>
        <translation>训练所有的层。有几百个或更多标注行时，这是最准确的选择。</translation>
    </message>
    <message>
        <source>Every part of a word learns its tag, not only the first one, which answers either way.</source>
        <translation>词的每个部分都学习其标记，而不仅是第一部分；无论哪种方式，都由第一部分给出答案。</translation>
    </message>
    <message>
        <source>Exact match</source>
        <translation>完全匹配</translation>
    </message>
    <message>
        <source>Exact match of labels</source>
        <translation>标签完全匹配</translation>
    </message>
    <message>
        <source>F1, mean of classes</source>
        <translation>F1（各类别平均）</translation>
    </message>
    <message>
        <source>F1, over all labels</source>
        <translation>F1，全部标签合计</translation>
    </message>
    <message>
        <source>F1, questions with an answer</source>
        <translation>F1，有答案的问题</translation>
    </message>
    <message>
        <source>F1, weighted by class size</source>
        <translation>F1（按类别大小加权）</translation>
    </message>
    <message>
        <source>F1, where large classes count more</source>
        <translation>F1，较大的类别权重更高</translation>
    </message>
    <message>
        <source>Features of {count} rows were found in the cache.</source>
        <translation>在缓存中找到了 {count} 行的特征。</translation>
    </message>
    <message>
        <source>Features that fit nearly any kind of image without labels; the first choice for small image data.</source>
        <translation>无需标签即可适应几乎任何图像的特征；小规模图像数据的首选。</translation>
    </message>
    <message>
        <source>Fewest seconds</source>
        <translation>最短秒数</translation>
    </message>
    <message>
        <source>Finds objects in images: a box around each, and its class.</source>
        <translation>在图像中查找物体：为每个物体画框并给出类别。</translation>
    </message>
    <message>
        <source>First sentences of the source</source>
        <translation>源文本的开头几句</translation>
    </message>
    <message>
        <source>Fixed threshold</source>
        <translation>固定阈值</translation>
    </message>
    <message>
        <source>Flaws of boxes</source>
        <translation>框的问题</translation>
    </message>
    <message>
        <source>Flaws of recordings</source>
        <translation>录音的问题</translation>
    </message>
    <message>
        <source>Folder of recordings</source>
        <translation>录音文件夹</translation>
    </message>
    <message>
        <source>Folder of the images; auto looks beside the file, and in folders near it.</source>
        <translation>图像所在的文件夹；自动：在该文件旁边及邻近的文件夹中查找。</translation>
    </message>
    <message>
        <source>For the library sentence-transformers: search, clustering and comparison of texts in a few lines.</source>
        <translation>用于 sentence-transformers 库：几行代码即可实现文本的搜索、聚类和比较。</translation>
    </message>
    <message>
        <source>Frequency of each token</source>
        <translation>各词元的频率</translation>
    </message>
    <message>
        <source>From which probability on a label is given: one for all or one for each label, as gives the best F1 on the validation rows; or the fixed one below. One for each needs many validation rows of each label.</source>
        <translation>概率从多少起给出标签：所有标签共用一个阈值或每个标签各用一个，取在验证行上 F1 最佳的值；或使用下方的固定阈值。每个标签各用一个阈值时，每个标签都需要大量验证行。</translation>
    </message>
    <message>
        <source>Give a column this role in the Data step, under Columns; or choose another task, or data that has one.</source>
        <translation>请在“数据”步骤的“列”中为某一列指定此角色；或选择其他任务，或含有该角色的数据。</translation>
    </message>
    <message>
        <source>Give a column this role in the Data step, under Columns; or set task.loss to auto.</source>
        <translation>请在“数据”步骤的“列”中为某一列指定此角色；或将 task.loss 设为 auto。</translation>
    </message>
    <message>
        <source>Give each message a role and a content.</source>
        <translation>请为每条消息提供角色和内容。</translation>
    </message>
    <message>
        <source>Give it too; a file needs a column for it.</source>
        <translation>请一并提供；如果是文件，则需要相应的列。</translation>
    </message>
    <message>
        <source>Give longer texts in the Data step.</source>
        <translation>请在“数据”步骤中提供更长的文本。</translation>
    </message>
    <message>
        <source>Hamming loss</source>
        <translation>汉明损失</translation>
    </message>
    <message>
        <source>Hide short parts</source>
        <translation>隐藏短片段</translation>
    </message>
    <message>
        <source>How an image becomes a square: squashed, its middle cut out, or whole on a white ground. Auto does as the backbone was trained.</source>
        <translation>图像如何变成正方形：压缩变形、裁出中间部分，或完整置于白底上。自动：与骨干网络训练时相同。</translation>
    </message>
    <message>
        <source>How an image becomes a square: whole on a white ground, or squashed. Nothing is cut off.</source>
        <translation>图像如何变成正方形：完整置于白底上，或压缩变形。不会裁掉任何内容。</translation>
    </message>
    <message>
        <source>How far confidence is from being right; smaller is better</source>
        <translation>置信度与实际正确率的偏差；越小越好</translation>
    </message>
    <message>
        <source>How high the right answers rank among the first 10</source>
        <translation>正确答案在前 10 名中的排名高低</translation>
    </message>
    <message>
        <source>How many steps the answer is off, on average</source>
        <translation>答案平均偏差多少级</translation>
    </message>
    <message>
        <source>How much of a row&apos;s target goes to the neighbours of its class: 0 gives nothing, as for classes without an order; 0.5 a tenth to each; 1 a fifth.</source>
        <translation>一行的目标有多少分给相邻类别：0 表示不分，如同类别没有顺序；0.5 表示各分十分之一；1 表示各分五分之一。</translation>
    </message>
    <message>
        <source>How much of each text must be guessed.</source>
        <translation>每条文本中有多少需要猜测。</translation>
    </message>
    <message>
        <source>How often a training image is mirrored left and right, its boxes with it; 0 where sides matter.</source>
        <translation>训练图像连同其框左右镜像的概率；左右有别时取 0。</translation>
    </message>
    <message>
        <source>How prompts and responses are written for the model: auto takes its own template where it has one; plain writes &apos;### Instruction:&apos; and &apos;### Response:&apos; before them. The result keeps the template.</source>
        <translation>提示和回复的书写格式：自动：模型自带模板时用其模板；plain：在前面写上“### Instruction:”和“### Response:”。训练出的模型会保留该模板。</translation>
    </message>
    <message>
        <source>How surprised the model is by each token; smaller is better</source>
        <translation>模型对每个词元的意外程度；越小越好</translation>
    </message>
    <message>
        <source>How tags mark whole entities; auto reads it from the tags, and &apos;tags&apos; has single words only.</source>
        <translation>标记如何标出整个实体；自动：从标记中判断；“tags”表示仅有单个词。</translation>
    </message>
    <message>
        <source>How the tokens of a text become one vector; auto does what the backbone&apos;s own files say, else takes the mean.</source>
        <translation>一条文本的词元如何变成一个向量；自动：按骨干网络自身文件的说明，没有说明时取均值。</translation>
    </message>
    <message>
        <source>How well the order of the values is right; 1 is perfect</source>
        <translation>数值排序的正确程度；1 为完美</translation>
    </message>
    <message>
        <source>How well the probabilities order the rows; 50 % is chance</source>
        <translation>概率对行排序的好坏；50 % 为随机水平</translation>
    </message>
    <message>
        <source>How well the values lie on a line; 1 is perfect</source>
        <translation>数值与直线的吻合程度；1 为完美</translation>
    </message>
    <message>
        <source>Image classes with a model of images and texts. It is also asked without any training, by the names of the classes alone.</source>
        <translation>用同时理解图像和文本的模型进行图像分类。还会在不经任何训练的情况下，仅凭类别名称测试它。</translation>
    </message>
    <message>
        <source>Image classification</source>
        <translation>图像分类</translation>
    </message>
    <message>
        <source>Image classification with CLIP</source>
        <translation>CLIP 图像分类</translation>
    </message>
    <message>
        <source>Images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Images of {size} pixels are no multiple of the model&apos;s patches of {patch}: {rest} pixels at the right and at the bottom are not read.</source>
        <translation>{size} 像素的图像不是该模型图块大小 {patch} 的整数倍：右侧和底部的 {rest} 个像素不会被读取。</translation>
    </message>
    <message>
        <source>Images with English texts from the web (WebLI)</source>
        <translation>来自网络的图像及英语文本（WebLI）</translation>
    </message>
    <message>
        <source>In {count} rows of {path} an answer does not stand in the context where it should, first row {row}: {value}</source>
        <translation>{path} 中有 {count} 行的答案不在上下文的指定位置，首先出现在第 {row} 行：{value}</translation>
    </message>
    <message>
        <source>Instruction tuning</source>
        <translation>指令微调</translation>
    </message>
    <message>
        <source>It is not clear which label stands for pairs that belong together; there are: {labels}.</source>
        <translation>无法确定哪个标签代表彼此对应的文本对；现有标签：{labels}。</translation>
    </message>
    <message>
        <source>JSON with the boxes of many images, and the images in a folder beside it.</source>
        <translation>一个 JSON 文件，含有多张图像的框，图像在其旁边的文件夹中。</translation>
    </message>
    <message>
        <source>Keep the first of each in the test rows, too</source>
        <translation>测试行中也是每组只保留第一个</translation>
    </message>
    <message>
        <source>Keeps the first of equal rows of a test place of its own, too.</source>
        <translation>单独提供的测试数据中若有相同的行，也只保留第一行。</translation>
    </message>
    <message>
        <source>Knows images and English texts together; can name classes without any training.</source>
        <translation>同时理解图像和英语文本；无需任何训练即可说出类别名称。</translation>
    </message>
    <message>
        <source>Label of pairs that belong together</source>
        <translation>彼此对应的文本对的标签</translation>
    </message>
    <message>
        <source>Label smoothing</source>
        <translation>标签平滑</translation>
    </message>
    <message>
        <source>Layers</source>
        <translation>层</translation>
    </message>
    <message>
        <source>Learns direction and size of the weights apart: often a little better, and slower.</source>
        <translation>分别学习权重的方向和大小：效果往往略好，但较慢。</translation>
    </message>
    <message>
        <source>Least peak</source>
        <translation>最低峰值</translation>
    </message>
    <message>
        <source>Least score</source>
        <translation>最低得分</translation>
    </message>
    <message>
        <source>Leave out broken recordings</source>
        <translation>排除损坏的录音</translation>
    </message>
    <message>
        <source>Leaves out recordings that cannot be read, and on request those that are silent or too short.</source>
        <translation>排除无法读取的录音，并可按需排除无声或过短的录音。</translation>
    </message>
    <message>
        <source>Length of answers</source>
        <translation>答案长度</translation>
    </message>
    <message>
        <source>Length of samples</source>
        <translation>样本长度</translation>
    </message>
    <message>
        <source>Length of the outputs over that of the references</source>
        <translation>输出长度与参考文本长度之比</translation>
    </message>
    <message>
        <source>Length penalty</source>
        <translation>长度惩罚</translation>
    </message>
    <message>
        <source>Length ratio</source>
        <translation>长度比</translation>
    </message>
    <message>
        <source>LoRA</source>
        <translation>LoRA</translation>
    </message>
    <message>
        <source>Longest answer</source>
        <translation>最长答案</translation>
    </message>
    <message>
        <source>Longest common run of words in order with the reference (F-measure)</source>
        <translation>与参考文本按顺序相同的最长词序列（F 值）</translation>
    </message>
    <message>
        <source>Longest source</source>
        <translation>最长源文本</translation>
    </message>
    <message>
        <source>Longest target</source>
        <translation>最长目标文本</translation>
    </message>
    <message>
        <source>Loss</source>
        <translation>损失</translation>
    </message>
    <message>
        <source>Lower the maximum length, or choose a model that reads the wave itself, such as Wav2Vec2.</source>
        <translation>请降低最大长度，或选择直接读取波形的模型，例如 Wav2Vec2。</translation>
    </message>
    <message>
        <source>Many want a question and an answer in turn, without a system message; correct the data, or set the template to plain.</source>
        <translation>许多模板要求问题与答案交替出现，并且没有系统消息；请更正数据，或将模板设为 plain。</translation>
    </message>
    <message>
        <source>Margin</source>
        <translation>间隔</translation>
    </message>
    <message>
        <source>Masked language modelling</source>
        <translation>掩码语言建模</translation>
    </message>
    <message>
        <source>Masked-token accuracy</source>
        <translation>遮盖词元准确率</translation>
    </message>
    <message>
        <source>Mean absolute error</source>
        <translation>平均绝对误差</translation>
    </message>
    <message>
        <source>Mean average precision over overlaps of 0.50 to 0.95 (COCO)</source>
        <translation>重叠度 0.50 至 0.95 的平均精确率均值（COCO）</translation>
    </message>
    <message>
        <source>Mean average precision where boxes overlap by half</source>
        <translation>框重叠达一半时的平均精确率均值</translation>
    </message>
    <message>
        <source>Mean average precision where boxes overlap by three quarters</source>
        <translation>框重叠达四分之三时的平均精确率均值</translation>
    </message>
    <message>
        <source>Mean box of each class</source>
        <translation>每个类别的平均框</translation>
    </message>
    <message>
        <source>Mean difference in the units of the values</source>
        <translation>平均误差，以数值的单位计</translation>
    </message>
    <message>
        <source>Mean distance in classes</source>
        <translation>平均类别距离</translation>
    </message>
    <message>
        <source>Mean of one over the rank of the right answer, first 10</source>
        <translation>正确答案排名的倒数的均值，仅计前 10 名</translation>
    </message>
    <message>
        <source>Mean of the squared differences; smaller is better</source>
        <translation>差值平方的均值；越小越好</translation>
    </message>
    <message>
        <source>Mean of training</source>
        <translation>训练数据的均值</translation>
    </message>
    <message>
        <source>Mean recall with at most 100 boxes an image (COCO AR)</source>
        <translation>每张图像最多 100 个框时的平均召回率（COCO AR）</translation>
    </message>
    <message>
        <source>Mean reciprocal rank</source>
        <translation>平均倒数排名</translation>
    </message>
    <message>
        <source>Mean squared error</source>
        <translation>均方误差</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Middle class</source>
        <translation>中间类别</translation>
    </message>
    <message>
        <source>Mirrored images</source>
        <translation>镜像图像</translation>
    </message>
    <message>
        <source>Models of the type &apos;{kind}&apos; do not end in a linear layer: no number can be learnt.</source>
        <translation>类型为“{kind}”的模型末端不是线性层：无法学习数值。</translation>
    </message>
    <message>
        <source>Most frequent set of labels</source>
        <translation>最常见的标签组合</translation>
    </message>
    <message>
        <source>Most frequent tag of each word</source>
        <translation>每个词最常见的标记</translation>
    </message>
    <message>
        <source>Most tags mark entities, as {good} does, but the tag {bad} does not.</source>
        <translation>大多数标记标出实体，例如 {good}，但标记 {bad} 不是。</translation>
    </message>
    <message>
        <source>Multi-label classification</source>
        <translation>多标签分类</translation>
    </message>
    <message>
        <source>Name each of these once, lowest first, separated by commas: {known}</source>
        <translation>请将以下每一项各写一次，从最低到最高，以逗号分隔：{known}</translation>
    </message>
    <message>
        <source>Name it in task.same; or give the column the role Ignored, if it says something else.</source>
        <translation>请在 task.same 中指明；如果该列另有含义，请为其指定“忽略”角色。</translation>
    </message>
    <message>
        <source>Never answers</source>
        <translation>始终不答</translation>
    </message>
    <message>
        <source>New tokens at most in a sample that is written during the training, after it, and in the try-it box.</source>
        <translation>在训练期间、训练之后以及试用框中写出样本时，最多新增的词元数。</translation>
    </message>
    <message>
        <source>New tokens at most in an answer that the model writes.</source>
        <translation>模型写出一个答案时最多新增的词元数。</translation>
    </message>
    <message>
        <source>No answer recognised</source>
        <translation>无答案识别率</translation>
    </message>
    <message>
        <source>No folder beside {path} has the images that it names, such as {name}.</source>
        <translation>{path} 旁边没有包含其所列图像（例如 {name}）的文件夹。</translation>
    </message>
    <message>
        <source>No repeated groups of</source>
        <translation>不重复的词组长度</translation>
    </message>
    <message>
        <source>No row has a label in the column &apos;{column}&apos;.</source>
        <translation>列“{column}”中没有一行带有标签。</translation>
    </message>
    <message>
        <source>Nothing has to be mended: TLStudio shows them upright to the model. A program that ignores the note will not: turn the files themselves if others are to use them.</source>
        <translation>无需修复：TLStudio 会将其以正确方向提供给模型。忽略该方向信息的程序则不会：如果其他人要使用这些文件，请旋转文件本身。</translation>
    </message>
    <message>
        <source>Numbers of texts</source>
        <translation>文本数值预测</translation>
    </message>
    <message>
        <source>ONNX is not offered for the task {task}: its models do not answer in a single step.</source>
        <translation>任务“{task}”不提供 ONNX：其模型不能一步给出答案。</translation>
    </message>
    <message>
        <source>ONNX is not offered for the task {task}: its result is a backbone that other tasks learn with.</source>
        <translation>任务“{task}”不提供 ONNX：其结果是供其他任务学习使用的骨干网络。</translation>
    </message>
    <message>
        <source>Object detection</source>
        <translation>目标检测</translation>
    </message>
    <message>
        <source>Of all labels given, the share that is right</source>
        <translation>给出的全部标签中正确的比例</translation>
    </message>
    <message>
        <source>Of all labels that are right, the share that was given</source>
        <translation>全部正确标签中被给出的比例</translation>
    </message>
    <message>
        <source>Of in-batch negatives and CoSENT: the smaller, the more the hardest comparisons count.</source>
        <translation>用于批内负样本和 CoSENT：值越小，最难的比较权重越大。</translation>
    </message>
    <message>
        <source>Of labelled pairs; empty finds it where one of two labels says no, such as 0, false or different.</source>
        <translation>用于带标签的文本对；留空时，如果两个标签之一表示否定（例如 0、false 或 different），会自动判断。</translation>
    </message>
    <message>
        <source>Of the contrastive and triplet losses: the cosine distance that is far enough.</source>
        <translation>用于对比损失和三元组损失：足够远的余弦距离。</translation>
    </message>
    <message>
        <source>Of the entities found, the share with right borders and type</source>
        <translation>找到的实体中，边界和类型均正确的比例</translation>
    </message>
    <message>
        <source>Of the rows given a label, the share that has it; all classes count alike</source>
        <translation>被给出某标签的行中确实属于该标签的比例；各类别权重相同</translation>
    </message>
    <message>
        <source>Of the rows with a label, the share that was found; all classes count alike</source>
        <translation>带有某标签的行中被找到的比例；各类别权重相同</translation>
    </message>
    <message>
        <source>Of the true entities, the share found with right borders and type</source>
        <translation>真实实体中，被找到且边界和类型均正确的比例</translation>
    </message>
    <message>
        <source>Opposite text</source>
        <translation>相反文本</translation>
    </message>
    <message>
        <source>Order of the classes</source>
        <translation>类别的顺序</translation>
    </message>
    <message>
        <source>Ordinal classification</source>
        <translation>有序分类</translation>
    </message>
    <message>
        <source>Over {folds} folds: {metric} {mean} ± {sd} (standard deviation).</source>
        <translation>{folds} 折合计：{metric} {mean} ± {sd}（标准差）。</translation>
    </message>
    <message>
        <source>Overlap</source>
        <translation>重叠</translation>
    </message>
    <message>
        <source>Overlap of the words of answer and truth</source>
        <translation>答案与正确答案的词重叠度</translation>
    </message>
    <message>
        <source>Overlap of words where the text holds an answer</source>
        <translation>文本含有答案时的词重叠度</translation>
    </message>
    <message>
        <source>Packing</source>
        <translation>打包</translation>
    </message>
    <message>
        <source>Pairs told apart</source>
        <translation>文本对区分率</translation>
    </message>
    <message>
        <source>Part of longer recordings</source>
        <translation>较长录音的读取部分</translation>
    </message>
    <message>
        <source>Parts of the backbone that come after the pooling are left out: {modules}.</source>
        <translation>骨干网络中位于池化之后的部分已被排除：{modules}。</translation>
    </message>
    <message>
        <source>Pascal VOC boxes</source>
        <translation>Pascal VOC 框</translation>
    </message>
    <message>
        <source>Passage most like the question</source>
        <translation>与问题最相似的段落</translation>
    </message>
    <message>
        <source>Pearson correlation</source>
        <translation>皮尔逊相关系数</translation>
    </message>
    <message>
        <source>Penalises confident errors; smaller is better</source>
        <translation>对自信的错误施加惩罚；越小越好</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>Pixels of a side of the square that the model sees; auto takes the backbone&apos;s own, but at most 640. Small objects need more; time grows faster than the area.</source>
        <translation>模型所见正方形的边长（像素）；自动：取骨干网络自身的边长，但最多 640。小物体需要更大的边长；耗时的增长快于面积。</translation>
    </message>
    <message>
        <source>Pixels of a side that the model sees; auto takes the backbone&apos;s own. Fewer are faster, more show finer detail; for a vision transformer best a multiple of its patches (14 or 16).</source>
        <translation>模型所见图像的边长（像素）；自动：取骨干网络自身的边长。较小则更快，较大则细节更多；视觉 Transformer 最好取其图块大小（14 或 16）的整数倍。</translation>
    </message>
    <message>
        <source>Precision and recall in one number; all classes count alike</source>
        <translation>将精确率与召回率合为一个数；各类别同等计算</translation>
    </message>
    <message>
        <source>Precision and recall of whole entities in one number</source>
        <translation>以一个数值概括整个实体的精确率和召回率</translation>
    </message>
    <message>
        <source>Precision and recall over all labels in one number</source>
        <translation>以一个数值概括全部标签的精确率和召回率</translation>
    </message>
    <message>
        <source>Precision, mean of classes</source>
        <translation>精确率（各类别平均）</translation>
    </message>
    <message>
        <source>Precision, over all labels</source>
        <translation>精确率，全部标签合计</translation>
    </message>
    <message>
        <source>Precision, weighted by class size</source>
        <translation>精确率（按类别大小加权）</translation>
    </message>
    <message>
        <source>Precision, where large classes count more</source>
        <translation>精确率，较大的类别权重更高</translation>
    </message>
    <message>
        <source>Predicts a number for each pair of texts: how similar they are, how well an answer fits.</source>
        <translation>为每个文本对预测一个数值：有多相似、答案有多合适。</translation>
    </message>
    <message>
        <source>Predicts a number for each text: stars, prices, how hard it is to read.</source>
        <translation>为每条文本预测一个数值：星级、价格、阅读难度。</translation>
    </message>
    <message>
        <source>Prefix</source>
        <translation>前缀</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Put the images beside the file, or choose their folder (data.images).</source>
        <translation>请将图像放在该文件旁边，或选择图像所在的文件夹（data.images）。</translation>
    </message>
    <message>
        <source>Quadratic weighted kappa</source>
        <translation>二次加权 kappa</translation>
    </message>
    <message>
        <source>Question answering</source>
        <translation>问答</translation>
    </message>
    <message>
        <source>ROUGE-1</source>
        <translation>ROUGE-1</translation>
    </message>
    <message>
        <source>ROUGE-2</source>
        <translation>ROUGE-2</translation>
    </message>
    <message>
        <source>ROUGE-L</source>
        <translation>ROUGE-L</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>秩</translation>
    </message>
    <message>
        <source>Recall at 1</source>
        <translation>召回率@1</translation>
    </message>
    <message>
        <source>Recall at 5</source>
        <translation>召回率@5</translation>
    </message>
    <message>
        <source>Recall of boxes</source>
        <translation>框召回率</translation>
    </message>
    <message>
        <source>Recall, mean of classes</source>
        <translation>召回率（各类别平均）</translation>
    </message>
    <message>
        <source>Recall, over all labels</source>
        <translation>召回率，全部标签合计</translation>
    </message>
    <message>
        <source>Recall, weighted by class size</source>
        <translation>召回率（按类别大小加权）</translation>
    </message>
    <message>
        <source>Recall, where large classes count more</source>
        <translation>召回率，较大的类别权重更高</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>录音</translation>
    </message>
    <message>
        <source>Recordings that are shorter are left out as well; 0 keeps short ones.</source>
        <translation>更短的录音也会被排除；0 表示保留短录音。</translation>
    </message>
    <message>
        <source>Recordings that are shorter have too little to hear.</source>
        <translation>更短的录音中可听的内容太少。</translation>
    </message>
    <message>
        <source>Recordings whose loudest sample is below are left out as well (1 is full scale); 0 keeps all.</source>
        <translation>最响样本低于此值的录音也会被排除（1 为满幅）；0 表示全部保留。</translation>
    </message>
    <message>
        <source>Recordings whose loudest sample is below are silent; 1 is full scale, 0.001 is 60 dB less.</source>
        <translation>最响样本低于此值的录音视为无声；1 为满幅，0.001 低 60 dB。</translation>
    </message>
    <message>
        <source>Remove it in the Data step, or choose full fine-tuning.</source>
        <translation>请在“数据”步骤中将其移除，或选择全量微调。</translation>
    </message>
    <message>
        <source>Remove it in the Data step; the task&apos;s own options can mirror images.</source>
        <translation>请在“数据”步骤中将其移除；任务自身的选项可以镜像图像。</translation>
    </message>
    <message>
        <source>Remove the column from the table, or store text, numbers, pictures (PNG, JPEG …) or sound (WAV …) in it.</source>
        <translation>请从表中移除该列，或在其中存储文本、数字、图像（PNG、JPEG …）或声音（WAV …）。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Replace or remove the file; the data doctor lists all broken recordings.</source>
        <translation>请替换或移除该文件；数据诊断会列出所有损坏的录音。</translation>
    </message>
    <message>
        <source>ResNet-50</source>
        <translation>ResNet-50</translation>
    </message>
    <message>
        <source>Resolution</source>
        <translation>分辨率</translation>
    </message>
    <message>
        <source>Response</source>
        <translation>回复</translation>
    </message>
    <message>
        <source>Root mean squared error</source>
        <translation>均方根误差</translation>
    </message>
    <message>
        <source>Row {row} of {path} names the file {name}; the folder has {count} files of that name.</source>
        <translation>{path} 的第 {row} 行指定文件 {name}；该文件夹中有 {count} 个同名文件。</translation>
    </message>
    <message>
        <source>Running text without labels, by line, paragraph or as a whole.</source>
        <translation>不带标签的连续文本，按行、按段落或作为整体读取。</translation>
    </message>
    <message>
        <source>Runs in ONNX Runtime from Python, C++, C#, Java or JavaScript, without PyTorch, at full precision.</source>
        <translation>可在 ONNX Runtime 中通过 Python、C++、C#、Java 或 JavaScript 以全精度运行，无需 PyTorch。</translation>
    </message>
    <message>
        <source>R²</source>
        <translation>R²</translation>
    </message>
    <message>
        <source>SHA-256</source>
        <translation>SHA-256</translation>
    </message>
    <message>
        <source>SQuAD</source>
        <translation>SQuAD</translation>
    </message>
    <message>
        <source>Safetensors (transformers)</source>
        <translation>Safetensors (transformers)</translation>
    </message>
    <message>
        <source>Sample: {prompt} → {output}</source>
        <translation>样本：{prompt} → {output}</translation>
    </message>
    <message>
        <source>Save the file as UTF-8, or say which encoding it has (data.encoding).</source>
        <translation>请将文件另存为 UTF-8，或指明其编码（data.encoding）。</translation>
    </message>
    <message>
        <source>Scores of text pairs</source>
        <translation>文本对评分</translation>
    </message>
    <message>
        <source>Seconds that are read of each recording; auto takes 10, or less if the model allows less or no recording is longer.</source>
        <translation>每段录音读取的秒数；自动：取 10，如果模型上限更低或没有这么长的录音则取更低的值。</translation>
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
        <source>Sentence</source>
        <translation>句子</translation>
    </message>
    <message>
        <source>Sentence embeddings</source>
        <translation>句子嵌入</translation>
    </message>
    <message>
        <source>Set data.balance to none.</source>
        <translation>请将 data.balance 设为 none。</translation>
    </message>
    <message>
        <source>Set data.source to auto, or write its name.</source>
        <translation>请将 data.source 设为 auto，或填写数据的名称。</translation>
    </message>
    <message>
        <source>Set it before the start, or write the password into the address.</source>
        <translation>请在启动前设置该变量，或将密码写入地址中。</translation>
    </message>
    <message>
        <source>Set strategy.pooling to auto.</source>
        <translation>请将 strategy.pooling 设为 auto。</translation>
    </message>
    <message>
        <source>Set strategy.targets to auto, or choose another strategy.</source>
        <translation>请将 strategy.targets 设为 auto，或选择其他策略。</translation>
    </message>
    <message>
        <source>Set the languages in the options of the task.</source>
        <translation>请在任务选项中设置语言。</translation>
    </message>
    <message>
        <source>Set the resolution to auto, or to a larger multiple of it.</source>
        <translation>请将分辨率设为自动，或设为该图块大小的更大整数倍。</translation>
    </message>
    <message>
        <source>Set the template to plain.</source>
        <translation>请将模板设为 plain。</translation>
    </message>
    <message>
        <source>Set training.device to auto or cpu; &apos;tlstudio doctor&apos; lists the devices.</source>
        <translation>请将 training.device 设为 auto 或 cpu；“tlstudio doctor”可列出可用设备。</translation>
    </message>
    <message>
        <source>Several classes for one row: a list, values with separators, or columns of 0 and 1.</source>
        <translation>一行对应多个类别：列表、带分隔符的值，或由 0 和 1 组成的多列。</translation>
    </message>
    <message>
        <source>Several short rows share a block, so that less time is lost on padding; a row can then see the ones before it.</source>
        <translation>几个较短的行共用一个块，以减少在填充上浪费的时间；这样一行可以看到它前面的行。</translation>
    </message>
    <message>
        <source>Shape</source>
        <translation>形状</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>比例</translation>
    </message>
    <message>
        <source>Share of</source>
        <translation>比例单位</translation>
    </message>
    <message>
        <source>Share of a matrix&apos;s inputs that are dropped in training.</source>
        <translation>训练中随机丢弃的矩阵输入的比例。</translation>
    </message>
    <message>
        <source>Share of each target that is spread over all classes; 0.1 keeps a model from being too sure.</source>
        <translation>每个目标中分摊给所有类别的比例；0.1 可避免模型过于自信。</translation>
    </message>
    <message>
        <source>Share of hidden tokens that are guessed at the first try</source>
        <translation>隐藏的词元中第一次就猜对的比例</translation>
    </message>
    <message>
        <source>Share of masked tokens</source>
        <translation>遮盖词元的比例</translation>
    </message>
    <message>
        <source>Share of pairs on the right side of the best threshold</source>
        <translation>位于最佳阈值正确一侧的文本对的比例</translation>
    </message>
    <message>
        <source>Share of queries whose right answer comes first</source>
        <translation>正确答案排在首位的查询的比例</translation>
    </message>
    <message>
        <source>Share of queries with the right answer among the first five</source>
        <translation>正确答案位于前五名的查询的比例</translation>
    </message>
    <message>
        <source>Share of questions whose answer is word for word right</source>
        <translation>答案逐字正确的问题的比例</translation>
    </message>
    <message>
        <source>Share of rows</source>
        <translation>行的比例</translation>
    </message>
    <message>
        <source>Share of rows kept for the final test.</source>
        <translation>留作最终测试的行所占的比例。</translation>
    </message>
    <message>
        <source>Share of rows that are right or one step off</source>
        <translation>正确或相差一级的行的比例</translation>
    </message>
    <message>
        <source>Share of rows whose label is among the five likeliest</source>
        <translation>标签位于可能性最大的五个之中的行的比例</translation>
    </message>
    <message>
        <source>Share of rows with all labels right and none too many</source>
        <translation>标签全部正确且没有多余标签的行的比例</translation>
    </message>
    <message>
        <source>Share of rows with the right label</source>
        <translation>标签正确的行的比例</translation>
    </message>
    <message>
        <source>Share of single yes-or-no answers that are wrong</source>
        <translation>单个是非判断中错误的比例</translation>
    </message>
    <message>
        <source>Share of the errors of always guessing the largest class that the column alone would avoid.</source>
        <translation>与总是猜测最大类别相比，仅凭该列即可避免的错误所占的比例。</translation>
    </message>
    <message>
        <source>Share of the image that is kept at least; training from nothing uses 0.08, transfer less harsh.</source>
        <translation>图像至少保留的比例；从零训练使用 0.08，迁移学习不宜这样强。</translation>
    </message>
    <message>
        <source>Share of the label&apos;s rows that have the word.</source>
        <translation>该标签的行中含有该词的比例。</translation>
    </message>
    <message>
        <source>Share of the other rows used to choose the best epoch.</source>
        <translation>从其余行中划出、用于选择最佳轮次的比例。</translation>
    </message>
    <message>
        <source>Share of the rows with the word that have the label.</source>
        <translation>含有该词的行中带有该标签的比例。</translation>
    </message>
    <message>
        <source>Share of the steps in which the rate rises linearly.</source>
        <translation>学习率线性上升的步数所占的比例。</translation>
    </message>
    <message>
        <source>Share of the target that is spread over all tokens (Szegedy et al., 2016).</source>
        <translation>目标中分摊给所有词元的比例（Szegedy 等，2016）。</translation>
    </message>
    <message>
        <source>Share of the training rows that get copies; which ones follows from the seed and their text.</source>
        <translation>获得副本的训练行所占的比例；具体是哪些行，由种子及其文本决定。</translation>
    </message>
    <message>
        <source>Share of the variance that is explained; 0 is the mean, below it worse than the mean</source>
        <translation>被解释的方差比例；0 相当于均值，低于 0 则不如均值</translation>
    </message>
    <message>
        <source>Share of the words, or of the letters.</source>
        <translation>占词数或字母数的比例。</translation>
    </message>
    <message>
        <source>Share of tokens with the right tag</source>
        <translation>标记正确的词元的比例</translation>
    </message>
    <message>
        <source>Share of triplets whose positive is closer than the negative</source>
        <translation>正例比负例更近的三元组的比例</translation>
    </message>
    <message>
        <source>Share of unanswerable questions that stay unanswered</source>
        <translation>没有答案的问题中未作答的比例</translation>
    </message>
    <message>
        <source>Share of words</source>
        <translation>词的比例</translation>
    </message>
    <message>
        <source>Share of words and word pairs that two texts have in common (Jaccard index).</source>
        <translation>两条文本共有的词和词对所占的比例（Jaccard 指数）。</translation>
    </message>
    <message>
        <source>Share that matters</source>
        <translation>警告阈值</translation>
    </message>
    <message>
        <source>Shared letter groups with the reference, 0 to 100 (sacreBLEU)</source>
        <translation>与参考文本共有的字母组，0 至 100（sacreBLEU）</translation>
    </message>
    <message>
        <source>Shared pairs of words with the reference (F-measure)</source>
        <translation>与参考文本共有的词对（F 值）</translation>
    </message>
    <message>
        <source>Shared word groups with the reference, 0 to 100 (sacreBLEU)</source>
        <translation>与参考文本共有的词组，0 至 100（sacreBLEU）</translation>
    </message>
    <message>
        <source>Shared words with the reference (F-measure)</source>
        <translation>与参考文本共有的词（F 值）</translation>
    </message>
    <message>
        <source>Sheet</source>
        <translation>工作表</translation>
    </message>
    <message>
        <source>Sheet &apos;{sheet}&apos; of {path} reaches to cell {cell}; that is too large to read.</source>
        <translation>{path} 的工作表“{sheet}”延伸至单元格 {cell}；过大，无法读取。</translation>
    </message>
    <message>
        <source>Short parts of each recording are hidden while training, where the architecture can do so (SpecAugment, Park et al., 2019) and its own settings say how often.</source>
        <translation>训练时隐藏每段录音的短片段（SpecAugment，Park 等，2019），前提是架构支持；隐藏的频率由模型自身的设置决定。</translation>
    </message>
    <message>
        <source>Shorten it, or check for a quotation mark that is never closed.</source>
        <translation>请缩短该行，或检查是否有未闭合的引号。</translation>
    </message>
    <message>
        <source>Show every class equally often in training</source>
        <translation>训练时使各类别出现的次数相同</translation>
    </message>
    <message>
        <source>SigLIP base</source>
        <translation>SigLIP base</translation>
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
        <source>Small decoder that writes English; learns from plain texts, or from prompts with responses.</source>
        <translation>写英语的小型解码器；从纯文本或带回复的提示中学习。</translation>
    </message>
    <message>
        <source>Small matrices beside the frozen layers learn the change, with about 1 % of the parameters. Needs far less memory than full fine-tuning; the usual choice for decoders.</source>
        <translation>由冻结层旁边的小矩阵学习变化，参数约占 1 %。所需内存远少于全量微调；解码器通常选用此方式。</translation>
    </message>
    <message>
        <source>Smallest area</source>
        <translation>最小面积</translation>
    </message>
    <message>
        <source>SmolLM2 135M Instruct</source>
        <translation>SmolLM2 135M Instruct</translation>
    </message>
    <message>
        <source>Softness</source>
        <translation>软化程度</translation>
    </message>
    <message>
        <source>Some words are masked, and the backbone predicts others that fit the sentence; they need not mean the same. Needs a backbone with its masked-LM head, and takes about as long as one pass of training.</source>
        <translation>将部分词遮盖，由骨干网络预测适合句子的其他词；意思不一定相同。需要带有掩码 LM 头的骨干网络，耗时约等于训练一遍。</translation>
    </message>
    <message>
        <source>Some words are replaced by others of like meaning, from your dictionary or the backbone&apos;s own vocabulary. Without a dictionary it is rough: good may become bad, and a multilingual backbone mixes languages.</source>
        <translation>用意思相近的词替换部分词，取自您的词典或骨干网络自身的词表。没有词典时结果较粗糙：好可能变成坏，多语言骨干网络还会混用语言。</translation>
    </message>
    <message>
        <source>Some words are replaced by their translation from a dictionary that you give. For texts that mix languages, and for a multilingual backbone that should carry over to another language.</source>
        <translation>用您提供的词典中的译词替换部分词。适用于混用多种语言的文本，以及需要迁移到另一种语言的多语言骨干网络。</translation>
    </message>
    <message>
        <source>Some words get a slip of the hand: a neighbouring key, or letters swapped, dropped or doubled. Makes a model steadier on text that people type in haste.</source>
        <translation>部分词出现手误：误按相邻的键，或者字母颠倒、漏打或重复。使模型对匆忙输入的文本更稳健。</translation>
    </message>
    <message>
        <source>Some words of a text are left out. Careful where one word decides, such as &apos;not&apos;.</source>
        <translation>删去文本中的部分词。如果类别取决于某一个词（例如“not”），请谨慎使用。</translation>
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
        <source>Source language</source>
        <translation>源语言</translation>
    </message>
    <message>
        <source>Source text</source>
        <translation>源文本</translation>
    </message>
    <message>
        <source>Spaces</source>
        <translation>空格</translation>
    </message>
    <message>
        <source>Spearman correlation</source>
        <translation>斯皮尔曼相关系数</translation>
    </message>
    <message>
        <source>Spearman of cosine</source>
        <translation>余弦的斯皮尔曼相关</translation>
    </message>
    <message>
        <source>Spelling noise</source>
        <translation>拼写噪声</translation>
    </message>
    <message>
        <source>Split on the hub</source>
        <translation>Hub 上的划分</translation>
    </message>
    <message>
        <source>Split seed</source>
        <translation>划分种子</translation>
    </message>
    <message>
        <source>Squared errors; or Huber&apos;s, which counts errors beyond one standard deviation only linearly, so that single wild values matter less.</source>
        <translation>平方误差；或 Huber 误差：超过一个标准差的误差只按线性计算，从而减小个别极端值的影响。</translation>
    </message>
    <message>
        <source>Start again.</source>
        <translation>请重新开始。</translation>
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
        <source>Stratified keeps the share of each class; grouped keeps rows of one group together; time tests on the latest rows; held-out tests on chosen values of a column; column reads the split from the file.</source>
        <translation>stratified：保持各类别的占比；grouped：同一组的行保持在一起；time：用最新的行测试；held-out：用某列的选定值测试；column：从文件中读取划分。</translation>
    </message>
    <message>
        <source>Strength of all operations, 0 to 30 (M of the paper).</source>
        <translation>所有操作的强度，0 至 30（论文中的 M）。</translation>
    </message>
    <message>
        <source>Stretch</source>
        <translation>拉伸</translation>
    </message>
    <message>
        <source>Strongest</source>
        <translation>最大强度</translation>
    </message>
    <message>
        <source>Summarisation</source>
        <translation>摘要生成</translation>
    </message>
    <message>
        <source>Swapped letters</source>
        <translation>颠倒的字母</translation>
    </message>
    <message>
        <source>Swaps for each word of a text; there is at least one.</source>
        <translation>文本中平均每个词的交换次数；至少交换一次。</translation>
    </message>
    <message>
        <source>Swin tiny</source>
        <translation>Swin tiny</translation>
    </message>
    <message>
        <source>Switch whole words off, or choose a model with a tokenizer.json.</source>
        <translation>请关闭整词遮盖，或选择带有 tokenizer.json 的模型。</translation>
    </message>
    <message>
        <source>Synonyms</source>
        <translation>同义词</translation>
    </message>
    <message>
        <source>TLStudio reads PNG, JPEG, WebP, GIF, BMP and TIFF.</source>
        <translation>TLStudio 可读取 PNG、JPEG、WebP、GIF、BMP 和 TIFF。</translation>
    </message>
    <message>
        <source>TLStudio reads WAV, FLAC, OGG, MP3, AIFF and AU.</source>
        <translation>TLStudio 可读取 WAV、FLAC、OGG、MP3、AIFF 和 AU。</translation>
    </message>
    <message>
        <source>TLStudio reads: {known}.</source>
        <translation>TLStudio 可读取：{known}。</translation>
    </message>
    <message>
        <source>They teach the model what is nothing, if that is so; images that nobody has looked through teach it to overlook things. Leave those out that were never annotated.</source>
        <translation>如果图像中确实没有物体，它们会教模型认识什么都没有的情形；没有人检查过的图像则会教模型漏看物体。请排除从未标注过的图像。</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>时间表</translation>
    </message>
    <message>
        <source>Torn groups</source>
        <translation>被拆散的分组</translation>
    </message>
    <message>
        <source>Training begins with a small share of the rows, which grows whenever the training loss is low. Helps hard tasks to get off the ground, and large data to be learnt sooner.</source>
        <translation>训练从一小部分行开始，每当训练损失降低时增加比例。有助于困难的任务起步，也能更快学习大规模数据。</translation>
    </message>
    <message>
        <source>Training takes the nearest place where the answer stands, and leaves out questions whose answer stands nowhere; a test counts them as mistakes.</source>
        <translation>训练时采用答案出现的最近位置，并排除答案未出现的问题；测试时这些问题计为错误。</translation>
    </message>
    <message>
        <source>TransRate</source>
        <translation>TransRate</translation>
    </message>
    <message>
        <source>Try two of them in short runs, and compare these.</source>
        <translation>请用其中两个做短时运行，然后对比结果。</translation>
    </message>
    <message>
        <source>Twice as many rows ({rows}) would better {metric} by about {value:.3g} (95 % interval {low:.3g} to {high:.3g}).</source>
        <translation>行数加倍（{rows} 行）预计可使 {metric} 改善约 {value:.3g}（95 % 置信区间 {low:.3g} 至 {high:.3g}）。</translation>
    </message>
    <message>
        <source>Twice as many rows ({rows}) would bring about {value:.1f} points of {metric} (95 % interval {low:.1f} to {high:.1f}).</source>
        <translation>行数加倍（{rows} 行）预计可使 {metric} 提高约 {value:.1f} 个百分点（95 % 置信区间 {low:.1f} 至 {high:.1f}）。</translation>
    </message>
    <message>
        <source>Upper blocks</source>
        <translation>上部层数</translation>
    </message>
    <message>
        <source>Vectors that rescale keys, values and hidden units are all that is learnt in the frozen blocks: about 0.1 % of the parameters. For few rows, or for many tasks on one backbone.</source>
        <translation>各层冻结，仅学习对键、值和隐藏单元进行缩放的向量：约占参数的 0.1 %。适用于数据行少，或在同一骨干网络上训练多个任务的情形。</translation>
    </message>
    <message>
        <source>Weight averaging</source>
        <translation>权重平均</translation>
    </message>
    <message>
        <source>Weight of attention</source>
        <translation>注意力权重</translation>
    </message>
    <message>
        <source>Weight of half the squared distance to the start.</source>
        <translation>与初始权重之距离平方的一半在损失中的权重。</translation>
    </message>
    <message>
        <source>Weight of half the squared size of the weights of the head, which was not pretrained.</source>
        <translation>预测头（未经预训练）权重的平方范数的一半在损失中的权重。</translation>
    </message>
    <message>
        <source>Weight of hidden states</source>
        <translation>隐藏状态权重</translation>
    </message>
    <message>
        <source>Weight of relations</source>
        <translation>关系权重</translation>
    </message>
    <message>
        <source>Weight of the divergence of the two answers; the paper: 1 to 5.</source>
        <translation>两次答案的散度的权重；论文取 1 至 5。</translation>
    </message>
    <message>
        <source>Weight of the teacher</source>
        <translation>教师权重</translation>
    </message>
    <message>
        <source>What is learnt beside the task; auto takes masked words for texts and masked images for images.</source>
        <translation>任务之外同时学习的内容；自动：文本取遮盖词预测，图像取图像遮盖重建。</translation>
    </message>
    <message>
        <source>What is learnt from some rows of a group, such as the style of an author, helps with its others: the score is better than it will be for new groups.</source>
        <translation>从一组的部分行中学到的内容（例如作者的文风）有助于预测该组的其他行：得分会高于对新分组的实际表现。</translation>
    </message>
    <message>
        <source>What rows belong together by, such as an author: dividing by groups keeps them on one side.</source>
        <translation>将行归为一组的依据，例如作者：按组划分时，同组的行会分到同一边。</translation>
    </message>
    <message>
        <source>What stands for a text: the mean over its tokens, or the first one.</source>
        <translation>代表一条文本的内容：其全部词元的均值，或第一个词元。</translation>
    </message>
    <message>
        <source>What stood there cannot be brought back: read the file again in its right encoding if you can; else leave such rows out of training.</source>
        <translation>该处原有的内容无法恢复：如有可能，请以正确的编码重新读取文件；否则请将这些行排除在训练之外。</translation>
    </message>
    <message>
        <source>What trains</source>
        <translation>训练的部分</translation>
    </message>
    <message>
        <source>Whether that is worth the labelling cannot be told from so few trainings; more repeats narrow the interval.</source>
        <translation>训练次数太少，无法判断是否值得标注；增加重复次数可缩小置信区间。</translation>
    </message>
    <message>
        <source>Which layers</source>
        <translation>选取的层</translation>
    </message>
    <message>
        <source>Which rows come first: any, or the shortest.</source>
        <translation>先使用哪些行：任意，或最短的。</translation>
    </message>
    <message>
        <source>Width of the decoder</source>
        <translation>解码器宽度</translation>
    </message>
    <message>
        <source>With k-fold every row is tested once, so the backbone must not be adapted to them.</source>
        <translation>使用 k-fold 时，每一行都会测试一次，因此骨干网络不得针对这些行做领域适应。</translation>
    </message>
    <message>
        <source>Write FIELD=A|B.</source>
        <translation>请写成 FIELD=A|B。</translation>
    </message>
    <message>
        <source>Write FIELD=LOW..HIGH, with :log behind it for rates (the lowest must then be above 0); or FIELD=A|B|C, each once.</source>
        <translation>请写成 FIELD=LOW..HIGH，学习率等请在其后加“:log”（此时最小值必须大于 0）；或写成 FIELD=A|B|C，每个值只写一次。</translation>
    </message>
    <message>
        <source>Write each box as left, top, right and bottom in pixels, such as 10 20 110 220, and give it a label; or leave the rows out with the data step drop-flawed.</source>
        <translation>请将每个框写成左、上、右、下（像素），例如 10 20 110 220，并给它一个标签；或用数据处理步骤 drop-flawed 排除这些行。</translation>
    </message>
    <message>
        <source>Write the name of one of them as the query (data.query), or a SELECT.</source>
        <translation>请将其中一个表的名称写为查询（data.query），或写一条 SELECT。</translation>
    </message>
    <message>
        <source>Written before each first text, such as &apos;query: &apos; of E5; auto takes what the backbone&apos;s own files state for queries, if anything. The exported model keeps it.</source>
        <translation>写在每条第一文本之前，例如 E5 的“query: ”；自动：取骨干网络自身文件为查询规定的前缀（如有）。导出的模型会保留该前缀。</translation>
    </message>
    <message>
        <source>Written before second and third texts, such as &apos;passage: &apos; of E5; auto takes what the backbone&apos;s own files state for documents, if anything.</source>
        <translation>写在第二和第三文本之前，例如 E5 的“passage: ”；自动：取骨干网络自身文件为文档规定的前缀（如有）。</translation>
    </message>
    <message>
        <source>it holds only 0 and 1</source>
        <translation>其中只有 0 和 1</translation>
    </message>
    <message>
        <source>{best} comes first, but {others} may be as good: the sample cannot tell them apart.</source>
        <translation>{best} 排名第一，但 {others} 可能同样好：凭此样本无法区分。</translation>
    </message>
    <message>
        <source>{best} is ahead of all others by more than chance explains.</source>
        <translation>{best} 领先于所有其他模型，差距超出偶然因素所能解释的范围。</translation>
    </message>
    <message>
        <source>{count} boxes in {images} images reach beyond their image.</source>
        <translation>{images} 张图像中有 {count} 个框超出图像边界。</translation>
    </message>
    <message>
        <source>{count} of {groups} groups by the column &apos;{column}&apos; have rows that are learnt and rows that are tested.</source>
        <translation>按列“{column}”共 {groups} 个分组，其中 {count} 个既有训练行又有测试行。</translation>
    </message>
    <message>
        <source>{count} parameters train beside {layers} layers, {percent} % of all.</source>
        <translation>在 {layers} 个层旁训练 {count} 个参数，占总数的 {percent} %。</translation>
    </message>
    <message>
        <source>{field} cannot be varied: trials that were measured differently cannot be compared.</source>
        <translation>{field} 不能作为搜索变量：测量方式不同的试验无法相互比较。</translation>
    </message>
    <message>
        <source>{lean} is nearly as good, and {times:.1f} times as fast.</source>
        <translation>{lean} 效果几乎相同，速度是其 {times:.1f} 倍。</translation>
    </message>
    <message>
        <source>{metric} of {value} is the best of {count} trials.</source>
        <translation>{count} 次试验中的最佳结果：{metric} {value}。</translation>
    </message>
    <message>
        <source>{metric} of {value} is the best of {count} trials; the recipe as it is has {base}.</source>
        <translation>{count} 次试验中的最佳结果：{metric} {value}；当前配方为 {base}。</translation>
    </message>
    <message>
        <source>{path} holds a search with another recipe or other fields.</source>
        <translation>{path} 中已有使用其他配方或其他字段的搜索。</translation>
    </message>
    <message>
        <source>{percent} % of the weights are 8-bit integers now: {before} MB became {after} MB.</source>
        <translation>{percent} % 的权重现为 8 位整数：由 {before} MB 变为 {after} MB。</translation>
    </message>
    <message>
        <source>{rows} training rows are too few for a learning curve: half of them would be less than {fewest}.</source>
        <translation>{rows} 个训练行不足以绘制学习曲线：其一半少于 {fewest} 行。</translation>
    </message>
    <message>
        <source>{strategy} is best: {metric} of {value:.1f} % on {tested} validation rows, after training on {rows} rows.</source>
        <translation>{strategy} 最佳：用 {rows} 行训练后，在 {tested} 个验证行上 {metric} 为 {value:.1f} %。</translation>
    </message>
    <message>
        <source>{strategy} is best: {metric} of {value:.3g} on {tested} validation rows, after training on {rows} rows.</source>
        <translation>{strategy} 最佳：用 {rows} 行训练后，在 {tested} 个验证行上 {metric} 为 {value:.3g}。</translation>
    </message>
    <message>
        <source>{strategy} is recommended: nearly as good, in {percent:.0f} % of the time.</source>
        <translation>推荐 {strategy}：效果几乎相同，耗时仅为最佳策略的 {percent:.0f} %。</translation>
    </message>
    <message>
        <source>{strategy} on {rows} rows: {value:+.1f} points of right answers against it (95 % interval {low:+.1f} to {high:+.1f}).</source>
        <translation>{strategy}（{rows} 行）：正确率与其相差 {value:+.1f} 个百分点（95 % 置信区间 {low:+.1f} 至 {high:+.1f}）。</translation>
    </message>
    <message>
        <source>{task} needs a column for: {missing}; or instead one for: {others}.</source>
        <translation>{task} 需要一列用作：{missing}；也可改用：{others}。</translation>
    </message>
    <message>
        <source>{title} is large, and would take longer than all others together.</source>
        <translation>{title} 很大，耗时会超过其他所有模型的总和。</translation>
    </message>
    <message>
        <source>{title}: the backbone gets to know {count} rows of {place}.</source>
        <translation>{title}：骨干网络正在熟悉 {place} 的 {count} 行。</translation>
    </message>
    <message>
        <source>{train} rows to train on, {test} to test with.</source>
        <translation>{train} 行用于训练，{test} 行用于测试。</translation>
    </message>
    <message>
        <source>Tag column</source>
        <translation>标记列</translation>
    </message>
    <message>
        <source>&apos;tlstudio queue list&apos; lists them.</source>
        <translation>“tlstudio queue list”可列出队列中的配方。</translation>
    </message>
    <message>
        <source>&apos;tlstudio runs trash&apos; lists what can be brought back.</source>
        <translation>“tlstudio runs trash”可列出能够恢复的内容。</translation>
    </message>
    <message>
        <source>&apos;{member}&apos; in {path} is not what was exported.</source>
        <translation>{path} 中的“{member}”与导出时的内容不符。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; brings nothing here: &apos;{other}&apos;, which follows it, reads the weights as 32 bits and writes its own.</source>
        <translation>“{name}”在此处不起作用：其后的“{other}”以 32 位读取权重，并写出自己的权重。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; changes how the backbone trains, but with the strategy {strategy} only the head does.</source>
        <translation>“{name}”会改变骨干网络的训练方式，但在策略 {strategy} 下只训练预测头。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; compares probabilities of classes, and the task {task} has none.</source>
        <translation>“{name}”比较类别的概率，而任务“{task}”没有类别概率。</translation>
    </message>
    <message>
        <source>&apos;{name}&apos; disturbs the embeddings of tokens, and the task {task} has none.</source>
        <translation>“{name}”会扰动词元嵌入，而任务“{task}”没有词元嵌入。</translation>
    </message>
    <message>
        <source>&apos;{other}&apos; follows &apos;{name}&apos; and changes the weights again: what was set to zero or rounded does not stay so.</source>
        <translation>“{other}”在“{name}”之后，会再次更改权重：已置零或舍入的值不会保持不变。</translation>
    </message>
    <message>
        <source>&apos;{part}&apos; of {place} is not cleaned here.</source>
        <translation>{place} 中的“{part}”不在此处清理。</translation>
    </message>
    <message>
        <source>&apos;{place}&apos; stays where it is.</source>
        <translation>“{place}”不能移动。</translation>
    </message>
    <message>
        <source>&apos;{strategy}&apos; answers with one list of scores, and the task {task} needs other answers.</source>
        <translation>“{strategy}”只给出一组得分作为答案，而任务“{task}”需要其他形式的答案。</translation>
    </message>
    <message>
        <source>&apos;{strategy}&apos; compares answers of one kind, and the task {task} gives others.</source>
        <translation>“{strategy}”对比某一种答案，而任务“{task}”给出的是其他形式的答案。</translation>
    </message>
    <message>
        <source>&apos;{strategy}&apos; compares whole rows, and the task {task} answers each token.</source>
        <translation>“{strategy}”对比整行数据，而任务“{task}”为每个词元作答。</translation>
    </message>
    <message>
        <source>&apos;{strategy}&apos; draws pairs from the labels of texts, and the task {task} has none.</source>
        <translation>“{strategy}”根据文本的标签构造样本对，而任务“{task}”没有这类标签。</translation>
    </message>
    <message>
        <source>&apos;{strategy}&apos; needs rows with one class each, and the task {task} has none.</source>
        <translation>“{strategy}”要求每行属于一个类别，而任务“{task}”没有这样的行。</translation>
    </message>
    <message>
        <source>&apos;{text}&apos; does not say what to vary.</source>
        <translation>“{text}”没有说明要改变的内容。</translation>
    </message>
    <message>
        <source>&apos;{title}&apos; is being run.</source>
        <translation>“{title}”正在运行。</translation>
    </message>
    <message>
        <source>0 reads up to the last block; the blocks above the chosen one are left out of the model.</source>
        <translation>0：读取到最后一层；所选层上方的层不纳入模型。</translation>
    </message>
    <message>
        <source>118,000 images with boxes of 80 kinds of objects (COCO 2017)</source>
        <translation>11.8 万张图像，标有 80 种物体的框（COCO 2017）</translation>
    </message>
    <message>
        <source>2 million sounds of 527 kinds from videos (AudioSet)</source>
        <translation>来自视频的 200 万段声音，527 种（AudioSet）</translation>
    </message>
    <message>
        <source>960 hours of English audiobooks (LibriSpeech), then their transcripts</source>
        <translation>960 小时英语有声书（LibriSpeech），之后是其文字稿</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; answers with the last token of a batch, which is padding here: it cannot learn the task {task}.</source>
        <translation>类型为“{kind}”的骨干网络用批中的最后一个词元作答，而此处它是填充：无法学习任务“{task}”。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot be adapted to texts like this.</source>
        <translation>类型为“{kind}”的骨干网络不能以这种方式针对文本做领域适应。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot be adapted with masked images.</source>
        <translation>类型为“{kind}”的骨干网络不能用图像遮盖重建做领域适应。</translation>
    </message>
    <message>
        <source>A backbone of the type &apos;{kind}&apos; cannot learn this task, nor help with it.</source>
        <translation>类型为“{kind}”的骨干网络既无法学习此任务，也无法为其提供帮助。</translation>
    </message>
    <message>
        <source>A bundle runs on ONNX Runtime, which cannot read what the step &apos;{step}&apos; gives: the bundle would have the network before it, of full size.</source>
        <translation>软件包使用 ONNX Runtime 运行，而它无法读取步骤“{step}”的输出：软件包中会是该步骤之前的网络，大小不变。</translation>
    </message>
    <message>
        <source>A checkpoint could not be written: {reason}</source>
        <translation>无法写入检查点：{reason}</translation>
    </message>
    <message>
        <source>A division of its own</source>
        <translation>数据自带的划分</translation>
    </message>
    <message>
        <source>A few virtual tokens before each text are all that is learnt beside the head; the backbone stays as it is. The smallest adapter there is: as good as the others only with large backbones.</source>
        <translation>除预测头外，只学习加在每条文本之前的少量虚拟词元；骨干网络保持不变。这是最小的适配器：只有骨干网络较大时，效果才与其他适配器相当。</translation>
    </message>
    <message>
        <source>A file of the run holds more than tensors, namely instructions to run code; they were not run.</source>
        <translation>运行的一个文件除张量外还包含其他内容，即执行代码的指令；这些指令未被执行。</translation>
    </message>
    <message>
        <source>A file or folder of further texts or images, which move the means by k-means. Of use where few rows have labels and the classes lie apart.</source>
        <translation>含有更多文本或图像的文件或文件夹，用 k-means 据此移动类均值。适用于标注行少、类别之间相距较远的情形。</translation>
    </message>
    <message>
        <source>A linear model on its features explains {percent:.1f} % of the differences between the numbers.</source>
        <translation>基于其特征的线性模型可解释数值间差异的 {percent:.1f} %。</translation>
    </message>
    <message>
        <source>A linear model on its features gets {percent:.1f} % of the rows right.</source>
        <translation>基于其特征的线性模型对 {percent:.1f} % 的行判断正确。</translation>
    </message>
    <message>
        <source>A linear model on its features gets {percent:.1f} % of the words right.</source>
        <translation>基于其特征的线性模型对 {percent:.1f} % 的词判断正确。</translation>
    </message>
    <message>
        <source>A linear model on its features is right about {percent:.1f} % of the single labels.</source>
        <translation>基于其特征的线性模型对 {percent:.1f} % 的单个标签判断正确。</translation>
    </message>
    <message>
        <source>A model cannot learn from {count} examples a class.</source>
        <translation>模型无法从每个类别 {count} 个样本中学习。</translation>
    </message>
    <message>
        <source>A model of the hub, a folder, or what an earlier run has trained.</source>
        <translation>Hub 上的模型、文件夹，或较早的运行训练出的模型。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no attention that a prefix could be put before.</source>
        <translation>类型为 {kind} 的网络没有可在其前加前缀的注意力。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no embeddings of tokens to disturb.</source>
        <translation>类型为 {kind} 的网络没有可供扰动的词元嵌入。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no keys, values and feed-forward layers that IA³ could rescale.</source>
        <translation>类型为 {kind} 的网络没有可供 IA³ 缩放的键、值和前馈层。</translation>
    </message>
    <message>
        <source>A network of type {kind} has no linear layer with a bias that gives the classes.</source>
        <translation>类型为 {kind} 的网络没有输出类别的带偏置线性层。</translation>
    </message>
    <message>
        <source>A regular expression of the tokenizer in {path} cannot be used: {reason}.</source>
        <translation>{path} 中分词器的一个正则表达式无法使用：{reason}。</translation>
    </message>
    <message>
        <source>A row and its translations have the same value in it; empty takes the column with the role of the group.</source>
        <translation>一行与其译文在该列中的值相同；留空则使用角色为“分组”的列。</translation>
    </message>
    <message>
        <source>A run has no part called &apos;{part}&apos;.</source>
        <translation>运行中没有名为“{part}”的部分。</translation>
    </message>
    <message>
        <source>A small student learns to answer like a model that you have trained before, its teacher. Nearly as accurate, at a fraction of the size and time.</source>
        <translation>小型学生模型学习像您先前训练的模型（教师）一样作答。准确率相近，体积和耗时只是其一小部分。</translation>
    </message>
    <message>
        <source>A sweep from {low} to {high} in {steps} steps makes no sense.</source>
        <translation>从 {low} 到 {high} 分 {steps} 步的扫描没有意义。</translation>
    </message>
    <message>
        <source>A training on all rows with {strategy} takes about {minutes:.1f} minutes and {memory:.1f} GB of memory.</source>
        <translation>使用 {strategy} 对全部行训练一次约需 {minutes:.1f} 分钟和 {memory:.1f} GB 内存。</translation>
    </message>
    <message>
        <source>Accept them there and log in with &apos;tlstudio login&apos;, or choose another model.</source>
        <translation>请在该页面接受条款，并用“tlstudio login”登录，或选择其他模型。</translation>
    </message>
    <message>
        <source>Accept them there and log in with &apos;tlstudio login&apos;, or choose other data.</source>
        <translation>请在该页面接受条款，并用“tlstudio login”登录，或选择其他数据。</translation>
    </message>
    <message>
        <source>AdamW suits nearly everything; Adafactor needs less memory.</source>
        <translation>AdamW 几乎适合所有情形；Adafactor 所需内存更少。</translation>
    </message>
    <message>
        <source>Adapters on one backbone</source>
        <translation>同一骨干网络上的多个适配器</translation>
    </message>
    <message>
        <source>Add it to the recipe, or name another field with --without.</source>
        <translation>请将其添加到配方中，或用 --without 指定其他字段。</translation>
    </message>
    <message>
        <source>Add labelled rows first.</source>
        <translation>请先添加标注行。</translation>
    </message>
    <message>
        <source>Address of a mirror of the hub; empty takes the hub itself.</source>
        <translation>Hub 镜像的地址；留空则使用 Hub 本身。</translation>
    </message>
    <message>
        <source>Address of a proxy for the network; empty takes that of the environment.</source>
        <translation>网络代理的地址；留空则使用环境中的设置。</translation>
    </message>
    <message>
        <source>Adds a little noise to the embeddings while training. Costs nothing; made for instruction tuning.</source>
        <translation>训练时向嵌入添加少量噪声。没有额外开销；专为指令微调设计。</translation>
    </message>
    <message>
        <source>Adversarial training (FGM)</source>
        <translation>对抗训练（FGM）</translation>
    </message>
    <message>
        <source>Against forgetting</source>
        <translation>防遗忘方法</translation>
    </message>
    <message>
        <source>All are brought to one rate, but high tones that were not recorded stay away: if one class has more of them, the model may learn that. Leave them if both occur in practice.</source>
        <translation>所有录音都会统一为同一采样率，但未录下的高音不会恢复：如果某一类别中此类录音较多，模型可能学到这一点。如果实际使用中两者都会出现，则保持原样即可。</translation>
    </message>
    <message>
        <source>All are brought to one size: small ones become a blur, which the model may take for a sign of their class. Leave the smallest out, unless such images occur in practice.</source>
        <translation>所有图像都会统一为同一尺寸：小图像会变得模糊，模型可能将模糊当作其类别的标志。请排除最小的图像，除非实际使用中会出现此类图像。</translation>
    </message>
    <message>
        <source>All rows by</source>
        <translation>启用全部行的时点</translation>
    </message>
    <message>
        <source>All training rows of these languages stay, such as en, or en, de; empty takes the most frequent language.</source>
        <translation>这些语言的训练行全部保留，例如 en 或 en, de；留空则取最常见的语言。</translation>
    </message>
    <message>
        <source>An earlier run, by name or folder, or the folder of a trained model.</source>
        <translation>较早的运行（名称或文件夹），或已训练模型的文件夹。</translation>
    </message>
    <message>
        <source>An earlier run, by name or folder; a model folder; or the name of a model that was downloaded.</source>
        <translation>较早的运行（名称或文件夹）、模型文件夹，或已下载模型的名称。</translation>
    </message>
    <message>
        <source>Another seed keeps other rows.</source>
        <translation>不同的种子保留不同的行。</translation>
    </message>
    <message>
        <source>Answers that stand elsewhere, impossible boxes, missing tags and broken messages.</source>
        <translation>不在指定位置的答案、无效的框、缺少的标记和不完整的消息。</translation>
    </message>
    <message>
        <source>Ask for the learning curve over growing parts of the rows.</source>
        <translation>请改用以逐渐增多的行绘制的学习曲线。</translation>
    </message>
    <message>
        <source>Ask for the zip again, made by &apos;tlstudio runs export&apos;.</source>
        <translation>请重新索取由“tlstudio runs export”生成的 zip 文件。</translation>
    </message>
    <message>
        <source>At each step a random part of the weights is replaced by the pretrained ones. Makes fine-tuning of large networks on few rows more stable.</source>
        <translation>每一步将随机的一部分权重替换为预训练权重。使大型网络在少量数据行上的微调更稳定。</translation>
    </message>
    <message>
        <source>At most so often are the rows without labels given to the nearest mean, and the means made anew.</source>
        <translation>将无标签的行归入最近的均值并重新计算均值，最多重复的次数。</translation>
    </message>
    <message>
        <source>At stated epochs; or whenever the validation loss has not fallen since the last look.</source>
        <translation>在指定的轮次；或每当验证损失自上次检查以来没有下降时。</translation>
    </message>
    <message>
        <source>Audio Spectrogram Transformer</source>
        <translation>Audio Spectrogram Transformer</translation>
    </message>
    <message>
        <source>Auto takes the column with the role of the language, else names of files such as train.de.csv, else recognises the text; a text that is too short to be sure is then of no source language.</source>
        <translation>自动：取角色为“语言”的列，否则看 train.de.csv 这样的文件名，再否则识别文本；文本太短而无法确定时，视为不属于任何源语言。</translation>
    </message>
    <message>
        <source>Auxiliary pretraining loss</source>
        <translation>辅助预训练损失</translation>
    </message>
    <message>
        <source>BART base</source>
        <translation>BART base</translation>
    </message>
    <message>
        <source>Backbones cannot be ranked for the task {task}: it has no classes or numbers that features could be compared with.</source>
        <translation>无法为任务“{task}”对骨干网络排名：该任务没有可与特征比较的类别或数值。</translation>
    </message>
    <message>
        <source>Batch size of a round</source>
        <translation>元迭代的批大小</translation>
    </message>
    <message>
        <source>Beside the loss of the new rows.</source>
        <translation>其损失相对于新行的损失的权重。</translation>
    </message>
    <message>
        <source>Beside the task the backbone goes on learning from its inputs alone, as in its pretraining. Keeps what it knows, which helps with few rows.</source>
        <translation>在学习任务的同时，骨干网络继续像预训练时那样仅从输入中学习。可保留已有知识，数据行少时很有帮助。</translation>
    </message>
    <message>
        <source>Blocks to re-initialise</source>
        <translation>重新初始化的层数</translation>
    </message>
    <message>
        <source>Boxes that were left out, tiny boxes, boxes beyond the image, and images without boxes.</source>
        <translation>被排除的框、过小的框、超出图像的框，以及没有框的图像。</translation>
    </message>
    <message>
        <source>Bring it back there, or use the safetensors export, which needs only the trained model.</source>
        <translation>请将其放回原处，或使用 safetensors 导出，它只需要训练好的模型。</translation>
    </message>
    <message>
        <source>Chance of each weight to be the pretrained one for a step.</source>
        <translation>每个权重在一步中取预训练值的概率。</translation>
    </message>
    <message>
        <source>Change that variable, or remove it, and start again.</source>
        <translation>请更改或移除该变量，然后重新启动。</translation>
    </message>
    <message>
        <source>Check the address, or name a folder for its database.</source>
        <translation>请检查地址，或指定存放其数据库的文件夹。</translation>
    </message>
    <message>
        <source>Check the connection and try again; what was fetched is kept. A mirror or a proxy can be set in the settings.</source>
        <translation>请检查连接后重试；已获取的内容会保留。可在设置中指定镜像站或代理。</translation>
    </message>
    <message>
        <source>Check the disk; nothing was removed.</source>
        <translation>请检查磁盘；未删除任何内容。</translation>
    </message>
    <message>
        <source>Check the name; or download the model in the Model step or with: tlstudio download {name}</source>
        <translation>请检查名称；或在“模型”步骤中下载该模型，或运行：tlstudio download {name}</translation>
    </message>
    <message>
        <source>Check the spelling; a private dataset needs &apos;tlstudio login&apos;.</source>
        <translation>请检查拼写；私有数据集需要“tlstudio login”。</translation>
    </message>
    <message>
        <source>Check the spelling; a private model needs &apos;tlstudio login&apos;.</source>
        <translation>请检查拼写；私有模型需要“tlstudio login”。</translation>
    </message>
    <message>
        <source>Checkpoint after (s)</source>
        <translation>检查点间隔（秒）</translation>
    </message>
    <message>
        <source>Checkpoints kept</source>
        <translation>保留的检查点数</translation>
    </message>
    <message>
        <source>Checkpoints will take {size} of the disk at most, while the run goes on.</source>
        <translation>运行期间，检查点最多占用 {size} 磁盘空间。</translation>
    </message>
    <message>
        <source>Choose &apos;Start from it&apos; at a run in the Runs step, or set model.source to run.</source>
        <translation>请在“运行记录”中的某次运行处选择“以此为起点”，或将 model.source 设为 run。</translation>
    </message>
    <message>
        <source>Choose a checkpoint of {network} itself, unless you have very many texts.</source>
        <translation>请选择 {network} 本身的检查点，除非您有非常多的文本。</translation>
    </message>
    <message>
        <source>Choose a run that was trained for the same task with the same classes.</source>
        <translation>请选择以相同类别为同一任务训练的运行。</translation>
    </message>
    <message>
        <source>Choose a second backbone of the same family, or set the size in the options of the task.</source>
        <translation>请选择同一系列的第二骨干网络，或在任务的选项中设置尺寸。</translation>
    </message>
    <message>
        <source>Choose a second backbone that reads the same kind of data.</source>
        <translation>请选择读取同一类数据的第二骨干网络。</translation>
    </message>
    <message>
        <source>Choose a second backbone with the same tokenizer.</source>
        <translation>请选择分词器相同的第二骨干网络。</translation>
    </message>
    <message>
        <source>Choose a task of the same kind.</source>
        <translation>请选择同类任务。</translation>
    </message>
    <message>
        <source>Choose a vision transformer such as ViT, DeiT or DINOv2, or remove the adaptation.</source>
        <translation>请选择视觉 Transformer，例如 ViT、DeiT 或 DINOv2，或移除领域适应。</translation>
    </message>
    <message>
        <source>Choose another objective.</source>
        <translation>请选择其他训练目标。</translation>
    </message>
    <message>
        <source>Choose earlier runs or recipes under Other tasks in the Strategy step, or name them in strategy.others.</source>
        <translation>请在“策略”步骤的“其他任务”中选择较早的运行或配方，或在 strategy.others 中指定。</translation>
    </message>
    <message>
        <source>Choose fewer virtual tokens, or a larger maximum length.</source>
        <translation>请减少虚拟词元，或增大最大长度。</translation>
    </message>
    <message>
        <source>Choose one of the list that &apos;tlstudio runs list&apos; prints, the folder of a run, or a recipe file.</source>
        <translation>请从“tlstudio runs list”列出的运行中选择，或选择某次运行的文件夹或配方文件。</translation>
    </message>
    <message>
        <source>Choose one of these columns.</source>
        <translation>请选择以下列之一。</translation>
    </message>
    <message>
        <source>Choose one of these strategies: {known}; or the safetensors export.</source>
        <translation>请选择以下策略之一：{known}；或使用 safetensors 导出。</translation>
    </message>
    <message>
        <source>Choose prefix tuning, which learns keys and values of each layer instead.</source>
        <translation>请选择前缀微调，它改为学习各层的键和值。</translation>
    </message>
    <message>
        <source>Choose prefix tuning, which needs none, or another backbone.</source>
        <translation>请选择不需要虚拟词元的前缀微调，或选择其他骨干网络。</translation>
    </message>
    <message>
        <source>Choose source languages that there are rows of, or the column of the language.</source>
        <translation>请选择有数据行的源语言，或选择标明语言的列。</translation>
    </message>
    <message>
        <source>Choose the column of the language in the Data step (data.roles.language).</source>
        <translation>请在“数据”步骤中选择标明语言的列（data.roles.language）。</translation>
    </message>
    <message>
        <source>Class keeps that many rows of each class, language that many in all.</source>
        <translation>类别：每个类别保留这么多行；语言：每种语言一共保留这么多行。</translation>
    </message>
    <message>
        <source>Classes a round</source>
        <translation>每次元迭代的类别数</translation>
    </message>
    <message>
        <source>Column of the id</source>
        <translation>ID 列</translation>
    </message>
    <message>
        <source>Column of the language; empty takes the one with the role of the language.</source>
        <translation>标明语言的列；留空则使用角色为“语言”的列。</translation>
    </message>
    <message>
        <source>Continual learning</source>
        <translation>持续学习</translation>
    </message>
    <message>
        <source>Each frozen layer attends to a few learned keys and values before those of the tokens: about 0.1 % of the parameters. Takes no place of the text, and works for images and sounds as well.</source>
        <translation>每个冻结层除词元的键和值外，还会关注其前少量可学习的键和值：约占参数的 0.1 %。不占用文本长度，也适用于图像和声音。</translation>
    </message>
    <message>
        <source>Earlier runs, or recipes, on whose data and tasks the start is learnt.</source>
        <translation>较早的运行或配方，用其数据和任务学习起点。</translation>
    </message>
    <message>
        <source>Earlier runs, or recipes, whose data and tasks are learnt together with this one.</source>
        <translation>较早的运行或配方，其数据和任务与当前任务一起学习。</translation>
    </message>
    <message>
        <source>Earlier tasks</source>
        <translation>先前的任务</translation>
    </message>
    <message>
        <source>Earlier tasks changed by {points} points on average (backward transfer).</source>
        <translation>先前的任务平均变化 {points} 个百分点（后向迁移）。</translation>
    </message>
    <message>
        <source>English web pages (C4), and supervised tasks such as translation and summarisation</source>
        <translation>英语网页（C4），以及翻译、摘要等有监督任务</translation>
    </message>
    <message>
        <source>English web pages (C4), then more than 1,000 tasks phrased as instructions</source>
        <translation>英语网页（C4），之后是 1,000 多个以指令形式表述的任务</translation>
    </message>
    <message>
        <source>Feature fusion</source>
        <translation>特征融合</translation>
    </message>
    <message>
        <source>Features of at most so many training rows, drawn at random, are part of the model.</source>
        <translation>模型会包含最多这么多训练行的特征，随机抽取。</translation>
    </message>
    <message>
        <source>Files that are read as one need the same columns; only translations of rows may lack the label, with the data step join-translations.</source>
        <translation>一起读取的文件必须有相同的列；使用数据处理步骤 join-translations 时，只有行的译文可以没有标签。</translation>
    </message>
    <message>
        <source>Finds objects quickly and precisely, small ones too; the first choice for detection.</source>
        <translation>快速而精确地查找物体，小物体也不例外；目标检测的首选。</translation>
    </message>
    <message>
        <source>Finds objects with a plain vision transformer; the smallest detector here.</source>
        <translation>用普通的视觉 Transformer 查找物体；此处最小的检测器。</translation>
    </message>
    <message>
        <source>Fixed; or learnt from the noise of each task (uncertainty), or so that all tasks learn at a like pace (gradnorm).</source>
        <translation>固定；或根据各任务的噪声学习（不确定性），或使所有任务以相近的速度学习（GradNorm）。</translation>
    </message>
    <message>
        <source>Flan-T5 small</source>
        <translation>Flan-T5 small</translation>
    </message>
    <message>
        <source>Fusion</source>
        <translation>融合方式</translation>
    </message>
    <message>
        <source>Gives rows without a label, such as those of a further file with translations, the label of the row with the same id, and never trains on a translation of a validation or test row. Divide the rows by groups of the id, so that a row and all its translations stay on one side.</source>
        <translation>为没有标签的行（例如另一个译文文件中的行）补上 ID 相同的行的标签，并且绝不用验证行或测试行的译文训练。请按 ID 分组划分数据行，使一行与其所有译文始终在同一边。</translation>
    </message>
    <message>
        <source>Goes on from an earlier run with a new task or new classes, and keeps what was learnt before: by some of its rows, by holding its weights, or by its answers. A matrix shows what each earlier task has kept.</source>
        <translation>从较早的运行继续学习新任务或新类别，同时保留先前学到的内容：借助先前的部分行、约束权重或先前的答案。矩阵会显示先前的每个任务保留了多少。</translation>
    </message>
    <message>
        <source>Head dropout</source>
        <translation>预测头 dropout</translation>
    </message>
    <message>
        <source>Hidden layers</source>
        <translation>隐藏层数</translation>
    </message>
    <message>
        <source>Hidden width</source>
        <translation>隐藏层宽度</translation>
    </message>
    <message>
        <source>How far the start moves to where the first round led; it falls to 0 until the last one.</source>
        <translation>第一次元迭代时，起点向该次迭代所到位置移动的幅度；此后逐渐降低，到最后一次时降至 0。</translation>
    </message>
    <message>
        <source>How fast a vote loses weight with the distance; large values let all neighbours count alike.</source>
        <translation>一票的权重随距离下降的快慢；值较大时，所有近邻的权重相近。</translation>
    </message>
    <message>
        <source>How firmly weights are held: lambda of EWC.</source>
        <translation>约束权重的强度：EWC 的 lambda。</translation>
    </message>
    <message>
        <source>How many are put before each text. They take places of its maximum length; more than 20 help little.</source>
        <translation>每条文本之前的虚拟词元数。它们占用文本的最大长度；超过 20 个帮助不大。</translation>
    </message>
    <message>
        <source>How many hidden layers the head has.</source>
        <translation>预测头的隐藏层数。</translation>
    </message>
    <message>
        <source>How many of the nearest rows vote.</source>
        <translation>参与投票的最近行的数量。</translation>
    </message>
    <message>
        <source>How many times that rate the fresh head of a round trains at, which has few steps to learn.</source>
        <translation>每次元迭代中新预测头的学习率是该学习率的多少倍；新预测头只有很少的步数用于学习。</translation>
    </message>
    <message>
        <source>How many times the learning rate the head trains at, where backbones train with it.</source>
        <translation>骨干网络参与训练时，预测头的学习率是基准学习率的多少倍。</translation>
    </message>
    <message>
        <source>How often a task comes: as it has rows (size), all alike (round-robin), or between the two (temperature).</source>
        <translation>各任务出现的频率：按行数，各任务均等（round-robin），或由温度决定介于两者之间。</translation>
    </message>
    <message>
        <source>How often a task is drawn and learnt for some steps.</source>
        <translation>抽取一个任务并学习若干步的次数。</translation>
    </message>
    <message>
        <source>How strongly tasks that learn slowly get more weight (alpha of GradNorm).</source>
        <translation>学习较慢的任务权重增大的程度（GradNorm 的 alpha）。</translation>
    </message>
    <message>
        <source>How tokens become one vector: mean, maximum, the first or the last of them, or attention, which learns which tokens matter and reads the data in each epoch. Auto takes the mean.</source>
        <translation>如何将各词元合为一个向量：均值、最大值、其中第一个或最后一个，或注意力；注意力会学习哪些词元重要，并在每一轮都读取数据。自动：取均值。</translation>
    </message>
    <message>
        <source>How tokens become one vector; auto takes the mean.</source>
        <translation>如何将各词元合为一个向量；自动：取均值。</translation>
    </message>
    <message>
        <source>Images of ImageNet-1k, then 118,000 images with boxes of 80 kinds of objects (COCO 2017)</source>
        <translation>ImageNet-1k 的图像，之后是 11.8 万张标有 80 种物体的框的图像（COCO 2017）</translation>
    </message>
    <message>
        <source>Join translations</source>
        <translation>合并译文</translation>
    </message>
    <message>
        <source>Keys and values that each layer gets: about 20 for classes, 100 and more for hard tasks.</source>
        <translation>每一层得到的键和值的数量：分类约 20，困难的任务 100 或更多。</translation>
    </message>
    <message>
        <source>Language by</source>
        <translation>语言依据</translation>
    </message>
    <message>
        <source>Learning rate of the steps in a round.</source>
        <translation>元迭代内各步的学习率。</translation>
    </message>
    <message>
        <source>Leave it out, or train it again on the same backbone.</source>
        <translation>请不要使用它，或在同一骨干网络上重新训练它。</translation>
    </message>
    <message>
        <source>Leave it out: predict.py answers for one kind of task.</source>
        <translation>请不要使用它：predict.py 只回答一类任务。</translation>
    </message>
    <message>
        <source>Length of the prefix</source>
        <translation>前缀长度</translation>
    </message>
    <message>
        <source>Loss weights</source>
        <translation>损失权重</translation>
    </message>
    <message>
        <source>MLP probe</source>
        <translation>MLP 探测</translation>
    </message>
    <message>
        <source>Make one with write access at huggingface.co/settings/tokens; then: tlstudio login, or the variable HF_TOKEN, or: hf auth login.</source>
        <translation>请在 huggingface.co/settings/tokens 创建一个有写入权限的令牌；然后执行：tlstudio login，或设置变量 HF_TOKEN，或执行：hf auth login。</translation>
    </message>
    <message>
        <source>Meta-learned in {rounds} rounds on other tasks ({tasks}): after {steps} steps the loss was {before} in the first rounds, and {after} in the last.</source>
        <translation>已用其他任务（{tasks}）进行 {rounds} 次元迭代：每次学习 {steps} 步之后的损失，最初几次元迭代为 {before}，最后几次为 {after}。</translation>
    </message>
    <message>
        <source>Meta-learned start (Reptile)</source>
        <translation>元学习起点（Reptile）</translation>
    </message>
    <message>
        <source>Move it away or delete it first, then restore.</source>
        <translation>请先将其移走或删除，然后再恢复。</translation>
    </message>
    <message>
        <source>Move what it points to yourself.</source>
        <translation>请自行移动链接所指向的内容。</translation>
    </message>
    <message>
        <source>Multi-task learning</source>
        <translation>多任务学习</translation>
    </message>
    <message>
        <source>Name a new folder in it.</source>
        <translation>请在其中指定一个新文件夹。</translation>
    </message>
    <message>
        <source>Name an earlier run, a model folder or a model that was downloaded in strategy.second.</source>
        <translation>请在 strategy.second 中指定较早的运行、模型文件夹或已下载的模型。</translation>
    </message>
    <message>
        <source>Name on the hub such as org/name, path of a folder, or name or folder of a run.</source>
        <translation>Hub 上的名称（例如 org/name）、文件夹的路径，或运行的名称或文件夹。</translation>
    </message>
    <message>
        <source>Name or number of the sheet; auto takes the first with a header and rows.</source>
        <translation>工作表的名称或序号；自动：取第一个有表头和数据行的工作表。</translation>
    </message>
    <message>
        <source>Name runs that were completed, in strategy.others.</source>
        <translation>请在 strategy.others 中指定已完成的运行。</translation>
    </message>
    <message>
        <source>Names of the layer groups that train, such as &apos;block 6&apos;.</source>
        <translation>参与训练的层组名称，例如“block 6”。</translation>
    </message>
    <message>
        <source>Names or folders of runs whose adapters come along, with commas between; they have the same backbone and task.</source>
        <translation>一并导出其适配器的运行，填写名称或文件夹，以逗号分隔；这些运行的骨干网络和任务须相同。</translation>
    </message>
    <message>
        <source>Nearest neighbours</source>
        <translation>最近邻</translation>
    </message>
    <message>
        <source>Neighbours</source>
        <translation>近邻数</translation>
    </message>
    <message>
        <source>Neurons of each hidden layer; 0 gives a linear head.</source>
        <translation>每个隐藏层的神经元数；0 表示线性预测头。</translation>
    </message>
    <message>
        <source>Neurons of the head&apos;s hidden layer; 0 for none.</source>
        <translation>预测头隐藏层的神经元数；0 表示没有隐藏层。</translation>
    </message>
    <message>
        <source>No adapters are kept of the task {task}: its result is a backbone that other tasks learn with, and its head the embeddings.</source>
        <translation>任务“{task}”不保留适配器：其结果是供其他任务学习使用的骨干网络，而其预测头就是嵌入。</translation>
    </message>
    <message>
        <source>No backbone on this machine can learn this task.</source>
        <translation>本机上没有能够学习此任务的骨干网络。</translation>
    </message>
    <message>
        <source>No other task is chosen.</source>
        <translation>没有选择其他任务。</translation>
    </message>
    <message>
        <source>No second backbone is chosen.</source>
        <translation>没有选择第二骨干网络。</translation>
    </message>
    <message>
        <source>No teacher is chosen.</source>
        <translation>尚未选择教师。</translation>
    </message>
    <message>
        <source>No training row is in the language &apos;{language}&apos;; there are rows in: {known}.</source>
        <translation>没有语言为“{language}”的训练行；现有以下语言的行：{known}。</translation>
    </message>
    <message>
        <source>No training was completed in the time; give the search more.</source>
        <translation>在限定时间内没有完成任何一次训练；请给搜索更多时间。</translation>
    </message>
    <message>
        <source>None of {count} trials is better than the recipe as it is.</source>
        <translation>{count} 次试验均不优于当前配方。</translation>
    </message>
    <message>
        <source>Nothing is left to do; start a new run instead.</source>
        <translation>已没有剩余的工作；请改为开始新的运行。</translation>
    </message>
    <message>
        <source>Nothing is to be varied.</source>
        <translation>没有要改变的字段。</translation>
    </message>
    <message>
        <source>Nothing says which language a row is in.</source>
        <translation>没有任何信息说明各行的语言。</translation>
    </message>
    <message>
        <source>Numbers takes small random numbers; tokens takes keys and values of tokens from the training rows, which helps to write texts after few rows.</source>
        <translation>小随机数：用小的随机数；词元：用训练行中词元的键和值，有助于只用少量行就学会写文本。</translation>
    </message>
    <message>
        <source>ONNX is not offered for this model: its tokenizer ({kind}) exists only as a part of transformers, and a program with ONNX Runtime could not read texts.</source>
        <translation>此模型不提供 ONNX：其分词器（{kind}）仅作为 transformers 的一部分存在，使用 ONNX Runtime 的程序无法读取文本。</translation>
    </message>
    <message>
        <source>Objective</source>
        <translation>训练目标</translation>
    </message>
    <message>
        <source>Of a model that was trained before: auto keeps its head where task and labels are the same.</source>
        <translation>用于先前训练过的模型：自动：任务和标签相同时保留其预测头。</translation>
    </message>
    <message>
        <source>Of a student that is made of the teacher&apos;s; auto takes half of them.</source>
        <translation>由教师的层构成的学生模型的层数；自动：取教师层数的一半。</translation>
    </message>
    <message>
        <source>Of each earlier task, drawn at random.</source>
        <translation>先前的每个任务随机抽取的行数。</translation>
    </message>
    <message>
        <source>Of its loss, beside that of the task.</source>
        <translation>其损失相对于任务损失的权重。</translation>
    </message>
    <message>
        <source>Of the computer while it trains, for the energy in the model card; auto assumes 10 for each thread and 20 for the rest, and 300 for a graphics card.</source>
        <translation>训练时计算机的功率，用于计算模型卡片中的能耗；auto 按每个线程 10、其余部分 20、显卡 300 估算。</translation>
    </message>
    <message>
        <source>Of the data; empty finds the one that fits.</source>
        <translation>数据中的列；留空则自动查找合适的列。</translation>
    </message>
    <message>
        <source>Of the loss of each other task, where this task has 1.</source>
        <translation>其他每个任务的损失的权重；当前任务的权重为 1。</translation>
    </message>
    <message>
        <source>One head reads the features of two backbones, such as a pretrained one and one that you trained on your data; the result is one model. Worth it where the two know different things, at the cost of running both.</source>
        <translation>由一个预测头读取两个骨干网络的特征，例如一个预训练的和一个用您的数据训练过的；结果是一个模型。两者所知不同时值得使用，代价是两者都要运行。</translation>
    </message>
    <message>
        <source>One reads a single layer; mix learns how much each layer counts.</source>
        <translation>单一层：只读取一层；所有层的可学习混合：学习各层所占的权重。</translation>
    </message>
    <message>
        <source>Only the last blocks, only biases, only layer norms, or the blocks that you click are trained. Faster than full fine-tuning, and less prone to overfit few rows.</source>
        <translation>仅训练最后几层、仅偏置、仅层归一化，或您点选的层。比全量微调快，数据行少时也不易过拟合。</translation>
    </message>
    <message>
        <source>Only {best} could be looked at; another backbone on this machine would give something to compare with.</source>
        <translation>只能评估 {best}；本机上若有其他骨干网络，才可进行对比。</translation>
    </message>
    <message>
        <source>Only {free} of the disk are free.</source>
        <translation>磁盘仅剩 {free} 可用空间。</translation>
    </message>
    <message>
        <source>Only {percent} % of the weights are 8-bit integers now: {before} MB became {after} MB. ONNX Runtime computes no convolutions from 8-bit weights, so that this step does little for networks made of them.</source>
        <translation>仅有 {percent} % 的权重现为 8 位整数：由 {before} MB 变为 {after} MB。ONNX Runtime 不用 8 位权重计算卷积，因此此步骤对由卷积构成的网络作用不大。</translation>
    </message>
    <message>
        <source>Only {strategy} was tried, so there is nothing to compare it with.</source>
        <translation>只试验了 {strategy}，没有可对比的策略。</translation>
    </message>
    <message>
        <source>Open by</source>
        <translation>解冻方式</translation>
    </message>
    <message>
        <source>Optimiser</source>
        <translation>优化器</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>Other programs used {share} of the processor while times were taken; they may be too long.</source>
        <translation>测量时间期间，其他程序占用了处理器的 {share}；测得的时间可能偏长。</translation>
    </message>
    <message>
        <source>Other runs</source>
        <translation>其他运行</translation>
    </message>
    <message>
        <source>Other tasks</source>
        <translation>其他任务</translation>
    </message>
    <message>
        <source>Pairs for each row</source>
        <translation>每行的样本对数</translation>
    </message>
    <message>
        <source>Partial fine-tuning</source>
        <translation>部分微调</translation>
    </message>
    <message>
        <source>Passes over these rows.</source>
        <translation>遍历这些行的次数。</translation>
    </message>
    <message>
        <source>Power in watts</source>
        <translation>功率（瓦）</translation>
    </message>
    <message>
        <source>Prefix of first texts</source>
        <translation>第一文本的前缀</translation>
    </message>
    <message>
        <source>Prefix of the others</source>
        <translation>其他文本的前缀</translation>
    </message>
    <message>
        <source>Prefix tuning</source>
        <translation>前缀微调</translation>
    </message>
    <message>
        <source>Probability that is spread evenly over all classes.</source>
        <translation>均匀分摊给所有类别的概率。</translation>
    </message>
    <message>
        <source>Prompt tuning</source>
        <translation>提示微调</translation>
    </message>
    <message>
        <source>Prompt tuning has to read the texts anew, which is not possible here.</source>
        <translation>提示微调必须重新读取文本，而此处无法做到。</translation>
    </message>
    <message>
        <source>Prompt tuning puts virtual tokens before texts that are read, and the task {task} has none or writes texts.</source>
        <translation>提示微调在所读取的文本之前加上虚拟词元，而任务“{task}”不读取文本，或者要写出文本。</translation>
    </message>
    <message>
        <source>Prototypes</source>
        <translation>原型</translation>
    </message>
    <message>
        <source>Pulls the weights back to the pretrained ones. Helps with few rows, where fine-tuning forgets too much.</source>
        <translation>将权重拉向预训练权重。在数据行少、微调遗忘过多时有帮助。</translation>
    </message>
    <message>
        <source>Put &apos;{name}&apos; after it, or leave it out.</source>
        <translation>请将“{name}”放在其后，或将其去掉。</translation>
    </message>
    <message>
        <source>Put &apos;{name}&apos; at the end of the chain, or leave it out.</source>
        <translation>请将“{name}”放在步骤链的末尾，或将其去掉。</translation>
    </message>
    <message>
        <source>R-Drop</source>
        <translation>R-Drop</translation>
    </message>
    <message>
        <source>R-Drop has no effect: the network has no dropout. Set the hidden dropout of the strategy to 0.1.</source>
        <translation>R-Drop 不起作用：网络没有 dropout。请将策略的隐藏层 dropout 设为 0.1。</translation>
    </message>
    <message>
        <source>RT-DETR R18</source>
        <translation>RT-DETR R18</translation>
    </message>
    <message>
        <source>Random reads another part of a longer recording each time while training, and its middle in tests and predictions; centre and start read the same part everywhere. Whisper reads the middle for random, too.</source>
        <translation>random：训练时每次读取较长录音的不同部分，测试和预测时读取中间部分；centre 和 start：始终读取同一部分。Whisper 选 random 时也读取中间部分。</translation>
    </message>
    <message>
        <source>Rank-stabilised</source>
        <translation>秩稳定缩放</translation>
    </message>
    <message>
        <source>Rate of its head</source>
        <translation>其预测头的学习率</translation>
    </message>
    <message>
        <source>Rate of the encoder</source>
        <translation>编码器学习率</translation>
    </message>
    <message>
        <source>Rate of the head</source>
        <translation>预测头学习率倍数</translation>
    </message>
    <message>
        <source>Read the last layer alone, or choose another strategy, such as linear probe.</source>
        <translation>请只读取最后一层，或选择其他策略，例如线性探测。</translation>
    </message>
    <message>
        <source>Reading {files} file of {megabytes} MB in a process without network, which may only build tensors.</source>
        <translation>正在读取 {files} 个文件，共 {megabytes} MB；读取在无网络的进程中进行，该进程只能构建张量。</translation>
    </message>
    <message>
        <source>Reads a text and writes another; the usual start for summaries and translations between its languages.</source>
        <translation>读取文本并写出另一文本；常用作摘要以及其所支持语言之间翻译的起点。</translation>
    </message>
    <message>
        <source>Reads an English text and writes another; good at summaries.</source>
        <translation>读取英语文本并写出另一文本；擅长写摘要。</translation>
    </message>
    <message>
        <source>Reads the spectrogram of ten seconds; knows sounds of all kinds, not only speech.</source>
        <translation>读取十秒的频谱图；不仅了解语音，也了解各种声音。</translation>
    </message>
    <message>
        <source>Reads the waveform; the classic network for speech.</source>
        <translation>读取波形；用于语音的经典网络。</translation>
    </message>
    <message>
        <source>Remove it in the Strategy step, or choose another strategy.</source>
        <translation>请在“策略”步骤中将其移除，或选择其他策略。</translation>
    </message>
    <message>
        <source>Remove it in the Strategy step.</source>
        <translation>请在“策略”步骤中将其移除。</translation>
    </message>
    <message>
        <source>Remove the augmentations that ask the backbone, in the Data step.</source>
        <translation>请在“数据”步骤中移除依赖骨干网络的增强。</translation>
    </message>
    <message>
        <source>Remove the regulariser in the Strategy step.</source>
        <translation>请在“策略”步骤中移除该正则化方法。</translation>
    </message>
    <message>
        <source>Remove the step to export adapters, or use the safetensors export, which writes the compressed network.</source>
        <translation>要导出适配器，请移除该步骤；或使用 safetensors 导出，它会写出压缩后的网络。</translation>
    </message>
    <message>
        <source>Rename one of the run folders.</source>
        <translation>请重命名其中一个运行文件夹。</translation>
    </message>
    <message>
        <source>Replay trains on some earlier rows as well; EWC holds the weights that earlier tasks need; LwF keeps the earlier answers to the new rows; adapter trains small matrices and leaves the network as it is; none is plain fine-tuning, to compare with.</source>
        <translation>先前的行（replay）：同时用先前的部分行训练；约束权重（EWC）：约束先前任务所需的权重；先前的答案（LwF）：对新行保持先前的答案；适配器：训练小矩阵，网络保持不变；无：普通微调，用于对比。</translation>
    </message>
    <message>
        <source>Restore the file from its source.</source>
        <translation>请从来源恢复该文件。</translation>
    </message>
    <message>
        <source>Restore the run first, then its parts.</source>
        <translation>请先恢复该运行，再恢复其各部分。</translation>
    </message>
    <message>
        <source>Resume the run, or start again. If it happens again, run &apos;tlstudio doctor&apos; and report the log.</source>
        <translation>请继续该运行，或重新开始。如果再次发生，请运行“tlstudio doctor”并报告日志。</translation>
    </message>
    <message>
        <source>Resume the run, or start again; what it had saved is kept in its folder.</source>
        <translation>请继续该运行，或重新开始；已保存的内容保留在其文件夹中。</translation>
    </message>
    <message>
        <source>Rounds</source>
        <translation>元迭代次数</translation>
    </message>
    <message>
        <source>Rounds of k-means</source>
        <translation>k-means 迭代次数</translation>
    </message>
    <message>
        <source>Rows a class</source>
        <translation>每个类别的行数</translation>
    </message>
    <message>
        <source>Rows of each earlier task that tell which weights it needs.</source>
        <translation>先前的每个任务中，用来判断其需要哪些权重的行数。</translation>
    </message>
    <message>
        <source>Rows of each step of the rounds.</source>
        <translation>元迭代内每一步的行数。</translation>
    </message>
    <message>
        <source>Rows of other languages</source>
        <translation>其他语言的行数</translation>
    </message>
    <message>
        <source>Rows remembered</source>
        <translation>记住的行数</translation>
    </message>
    <message>
        <source>Rows that do not fit together</source>
        <translation>内容不匹配的行</translation>
    </message>
    <message>
        <source>Rows without labels are of use only where single texts or images are answered.</source>
        <translation>仅当对单条文本或单张图像作答时，无标签的行才有用。</translation>
    </message>
    <message>
        <source>Rows without labels: a file, folder or hub:name; or train for the training rows of this recipe.</source>
        <translation>无标签的行：文件、文件夹或 hub:name；填 train 则使用此配方的训练行。</translation>
    </message>
    <message>
        <source>Runs whose tasks shall not be lost; empty takes those that led to the model.</source>
        <translation>其任务不应遗忘的运行；留空则取训练出该模型的各次运行。</translation>
    </message>
    <message>
        <source>Save under another name, or save over it.</source>
        <translation>请以其他名称保存，或覆盖保存。</translation>
    </message>
    <message>
        <source>Schedule</source>
        <translation>调度方式</translation>
    </message>
    <message>
        <source>Second backbone</source>
        <translation>第二骨干网络</translation>
    </message>
    <message>
        <source>Seconds between two checkpoints, from which a broken run goes on; longer where writing one takes more than 2 % of the time. 0 writes one after each step.</source>
        <translation>两个检查点之间的秒数，中断的运行可从检查点继续；如果写入检查点所占时间超过 2 %，间隔会更长。0：每一步之后都写入。</translation>
    </message>
    <message>
        <source>Selection</source>
        <translation>选定的层</translation>
    </message>
    <message>
        <source>Set model.head to auto or replace.</source>
        <translation>请将 model.head 设为 auto 或 replace。</translation>
    </message>
    <message>
        <source>Set the template of the task to plain by removing chat_template from the folder, or choose another model.</source>
        <translation>请从文件夹中移除 chat_template，使任务的模板变为 plain，或选择其他模型。</translation>
    </message>
    <message>
        <source>Set the weights of attention and relations to 0.</source>
        <translation>请将注意力权重和关系权重设为 0。</translation>
    </message>
    <message>
        <source>Set training.precision to fp32 and raise training.warmup; then look for rows with extreme values, and lower training.learning_rate by ten.</source>
        <translation>请将 training.precision 设为 fp32，并调高 training.warmup；然后查找含有极端值的行，并将 training.learning_rate 降至十分之一。</translation>
    </message>
    <message>
        <source>Several of your tasks train one backbone together, each with a head of its own, so that each learns from the rows of the others. Afterwards every task has its model, measured against the run that learnt it alone.</source>
        <translation>您的多个任务共同训练一个骨干网络，各有自己的预测头，使每个任务都能从其他任务的行中学习。之后每个任务都有自己的模型，并与单独学习该任务的运行对比。</translation>
    </message>
    <message>
        <source>Share of deleted tokens</source>
        <translation>删除词元的比例</translation>
    </message>
    <message>
        <source>Share of masked patches</source>
        <translation>遮盖图块的比例</translation>
    </message>
    <message>
        <source>Share of the average that a step keeps (EMA); less at the start.</source>
        <translation>每一步保留的平均值比例（EMA）；开始时较小。</translation>
    </message>
    <message>
        <source>Share of the features that the head must do without.</source>
        <translation>预测头在训练时须舍弃的特征所占的比例。</translation>
    </message>
    <message>
        <source>Share of the rows to begin with.</source>
        <translation>开始时使用的行的比例。</translation>
    </message>
    <message>
        <source>Share of the teacher&apos;s answers in the loss; the rest is that of the true labels.</source>
        <translation>教师的答案在损失中所占的比例；其余为真实标签的损失。</translation>
    </message>
    <message>
        <source>Share of the training after which averaging begins (SWA).</source>
        <translation>训练进行到此比例后开始平均（SWA）。</translation>
    </message>
    <message>
        <source>Share of the training by which all rows take part even if the loss is still high.</source>
        <translation>训练进行到此比例时，即使损失仍然较高，也使用全部行。</translation>
    </message>
    <message>
        <source>Side by side (concatenation) keeps everything. Sum and product join the features one by one; a learned matrix turns those of the second backbone into the space of the first, and adds them; gated attention learns for each row which of the two to trust.</source>
        <translation>拼接：保留全部信息。求和与乘积：逐个合并特征；可学习的矩阵：将第二骨干网络的特征变换到第一骨干网络的特征空间，再相加；门控注意力：针对每一行学习更信任哪一个。</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>So many classes of a task, drawn at random, take part in a round.</source>
        <translation>每次元迭代从任务中随机抽取这么多类别参与。</translation>
    </message>
    <message>
        <source>So many of the uppermost blocks start from random weights: they know most about pretraining, and least about your task.</source>
        <translation>最上方的若干层从随机权重开始：这些层与预训练任务关系最密切，对您的任务帮助最小。</translation>
    </message>
    <message>
        <source>So many rows of each class are learnt in a round: about as few as you will have yourself.</source>
        <translation>每次元迭代中每个类别学习这么多行：大致与您将来会有的行数同样少。</translation>
    </message>
    <message>
        <source>Softens the earlier answers.</source>
        <translation>软化先前的答案。</translation>
    </message>
    <message>
        <source>Softens the teacher&apos;s answers, so that the classes which it finds less likely tell more.</source>
        <translation>软化教师的答案，使其认为可能性较小的类别提供更多信息。</translation>
    </message>
    <message>
        <source>Something is being moved already.</source>
        <translation>已有内容正在移动。</translation>
    </message>
    <message>
        <source>Source keeps only rows of the source languages; learnt also those of other languages that some rows are learnt of.</source>
        <translation>仅源语言：只保留源语言的行；与训练行相同：还保留其他有训练行的语言的行。</translation>
    </message>
    <message>
        <source>Source languages</source>
        <translation>源语言</translation>
    </message>
    <message>
        <source>Spread evenly over the teacher, or its lower or upper ones.</source>
        <translation>从教师的层中均匀选取，或取其下部或上部的层。</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>平均起点</translation>
    </message>
    <message>
        <source>Start the run again, and do not trust the place that the file came from.</source>
        <translation>请重新开始该运行，并且不要信任该文件的来源。</translation>
    </message>
    <message>
        <source>Start the run again.</source>
        <translation>请重新开始该运行。</translation>
    </message>
    <message>
        <source>Starts as</source>
        <translation>初始化方式</translation>
    </message>
    <message>
        <source>Steps a round</source>
        <translation>每次元迭代的步数</translation>
    </message>
    <message>
        <source>Stop or cancel its run first.</source>
        <translation>请先停止或取消其运行。</translation>
    </message>
    <message>
        <source>Strength</source>
        <translation>强度</translation>
    </message>
    <message>
        <source>Strength for the head</source>
        <translation>预测头的强度</translation>
    </message>
    <message>
        <source>Student</source>
        <translation>学生</translation>
    </message>
    <message>
        <source>Such as cc-by-4.0, for the model card; where empty, what the hub says of its datasets.</source>
        <translation>例如 cc-by-4.0，用于模型卡片；留空时采用 Hub 上对其数据集的说明。</translation>
    </message>
    <message>
        <source>T5 small</source>
        <translation>T5 small</translation>
    </message>
    <message>
        <source>T5 that has been taught to follow instructions; learns from fewer rows.</source>
        <translation>学会了遵循指令的 T5；只需较少的行即可学习。</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标记</translation>
    </message>
    <message>
        <source>Take it out of the template</source>
        <translation>将其从模板中移除</translation>
    </message>
    <message>
        <source>Take out words</source>
        <translation>去除词语</translation>
    </message>
    <message>
        <source>Take the more probable labels</source>
        <translation>采用概率更高的标签</translation>
    </message>
    <message>
        <source>Take their like out of the images that are learnt from</source>
        <translation>从用于学习的图像中去掉与其相似的图像</translation>
    </message>
    <message>
        <source>Take their like out of the rows that are learnt from</source>
        <translation>从用于学习的行中去掉与其相似的行</translation>
    </message>
    <message>
        <source>Take them out of the images that are learnt from</source>
        <translation>从用于学习的图像中去掉这些图像</translation>
    </message>
    <message>
        <source>Take them out of the rows that are learnt from</source>
        <translation>从用于学习的行中去掉这些行</translation>
    </message>
    <message>
        <source>Take them out of the texts</source>
        <translation>从文本中去除这些词</translation>
    </message>
    <message>
        <source>Takes chosen words or signs out of the texts.</source>
        <translation>从文本中去除选定的词或符号。</translation>
    </message>
    <message>
        <source>Takes training rows out that are in the validation or test place, and validation rows that are in the test place.</source>
        <translation>去掉也出现在验证数据或测试数据中的训练行，以及也出现在测试数据中的验证行。</translation>
    </message>
    <message>
        <source>Takes training rows out that are similar to a validation or test row, and validation rows that are similar to a test row.</source>
        <translation>去掉与验证行或测试行相似的训练行，以及与测试行相似的验证行。</translation>
    </message>
    <message>
        <source>Target text</source>
        <translation>目标文本</translation>
    </message>
    <message>
        <source>Teacher</source>
        <translation>教师</translation>
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
        <source>Text classification</source>
        <translation>文本分类</translation>
    </message>
    <message>
        <source>Text encoding of all files; auto looks at each file by itself.</source>
        <translation>所有文件的文本编码；自动：逐个文件判断。</translation>
    </message>
    <message>
        <source>Text encoding, such as utf-8, cp1252 or gb18030.</source>
        <translation>文本编码，例如 utf-8、cp1252 或 gb18030。</translation>
    </message>
    <message>
        <source>Text template</source>
        <translation>文本模板</translation>
    </message>
    <message>
        <source>Texts of one or two letters, or of signs only.</source>
        <translation>只有一两个字母或只有符号的文本。</translation>
    </message>
    <message>
        <source>Texts that are in another language than most.</source>
        <translation>与多数文本语言不同的文本。</translation>
    </message>
    <message>
        <source>Texts that are told apart; more make it harder.</source>
        <translation>相互区分的文本数；越多越难。</translation>
    </message>
    <message>
        <source>Texts that differ from another by a few words, punctuation or case.</source>
        <translation>与另一条文本仅有几个词、标点或大小写不同的文本。</translation>
    </message>
    <message>
        <source>Texts that were read in a wrong encoding, lost characters, control characters and HTML entities.</source>
        <translation>以错误编码读取的文本、丢失的字符、控制字符和 HTML 实体。</translation>
    </message>
    <message>
        <source>Texts with fewer letters and figures are left out as well; 0 keeps all that are not empty.</source>
        <translation>字母和数字少于此值的文本也会被排除；0 表示保留所有非空文本。</translation>
    </message>
    <message>
        <source>Texts with more tokens than the model will read.</source>
        <translation>词元数超过模型读取上限的文本。</translation>
    </message>
    <message>
        <source>That is more than chance explains.</source>
        <translation>该差距超出偶然因素所能解释的范围。</translation>
    </message>
    <message>
        <source>That is {points:.1f} points less than with {best} (95 % interval {low:.1f} to {high:.1f}).</source>
        <translation>比 {best} 低 {points:.1f} 个百分点（95 % 置信区间 {low:.1f} 至 {high:.1f}）。</translation>
    </message>
    <message>
        <source>That is {points:.1f} points more than with {best}, which the other scores put first.</source>
        <translation>比 {best} 高 {points:.1f} 个百分点，而其他得分将后者排在首位。</translation>
    </message>
    <message>
        <source>The adaptation &apos;{name}&apos; does not fit the task: {task} learns from {kind}.</source>
        <translation>领域适应“{name}”不适合此任务：{task} 从 {kind} 中学习。</translation>
    </message>
    <message>
        <source>The adapters are those of the network as it was trained; the step &apos;{step}&apos; makes another network.</source>
        <translation>适配器属于训练时的网络；而步骤“{step}”会生成另一个网络。</translation>
    </message>
    <message>
        <source>The address holds a password, which would then lie in a file.</source>
        <translation>该地址含有密码，密码会因此留在文件中。</translation>
    </message>
    <message>
        <source>The address of the database cannot be understood.</source>
        <translation>无法解析数据库地址。</translation>
    </message>
    <message>
        <source>The archive {path} holds &apos;{member}&apos; twice.</source>
        <translation>压缩包 {path} 中有两个“{member}”。</translation>
    </message>
    <message>
        <source>The archive {path} holds a file called &apos;{member}&apos;, which must not be unpacked.</source>
        <translation>压缩包 {path} 中有名为“{member}”的文件，该文件不得解压。</translation>
    </message>
    <message>
        <source>The archive {path} holds no files.</source>
        <translation>压缩包 {path} 中没有文件。</translation>
    </message>
    <message>
        <source>The archive {path} is damaged: {reason}.</source>
        <translation>压缩包 {path} 已损坏：{reason}。</translation>
    </message>
    <message>
        <source>The attention of networks of type {kind} cannot be compared.</source>
        <translation>无法比较类型为 {kind} 的网络的注意力。</translation>
    </message>
    <message>
        <source>The augmentation &apos;{name}&apos; does not fit the task: {task} learns from {kind}.</source>
        <translation>增强“{name}”不适合此任务：{task} 从 {kind} 中学习。</translation>
    </message>
    <message>
        <source>The auxiliary objective {name} does not fit a network that reads {reads}.</source>
        <translation>辅助训练目标 {name} 不适合读取 {reads} 的网络。</translation>
    </message>
    <message>
        <source>The backbone guesses hidden words and so gets to know your kind of texts. The usual choice for texts.</source>
        <translation>骨干网络猜测隐藏的词，从而熟悉您这一类文本。文本通常选用此方式。</translation>
    </message>
    <message>
        <source>The backbone learns to tell your texts apart, from two looks at each. Good before search and matching.</source>
        <translation>骨干网络对每条文本看两遍，学习区分您的各条文本。适合用于搜索和匹配之前。</translation>
    </message>
    <message>
        <source>The backbone puts a text with missing words into one vector, from which the whole text is written again. Good before tasks that read whole texts.</source>
        <translation>骨干网络把缺词的文本压缩成一个向量，再由该向量还原全文。适合用于读取整条文本的任务之前。</translation>
    </message>
    <message>
        <source>The backbone sees a quarter of each image and learns to know the rest. For vision transformers.</source>
        <translation>骨干网络只看每张图像的四分之一，学习推断其余部分。适用于视觉 Transformer。</translation>
    </message>
    <message>
        <source>The backbone stays as it is and runs once; only the head is trained on its features, in seconds. Good for a first answer and for small data.</source>
        <translation>骨干网络保持不变，只运行一次；仅用其特征训练预测头，几秒即可完成。适合快速得到初步结果，也适合小数据集。</translation>
    </message>
    <message>
        <source>The backbone stays as it is; a small network of hidden layers learns on its features, of one layer or of a learned mix of all. Finds what a linear probe cannot, still within seconds or minutes.</source>
        <translation>骨干网络保持不变；由隐藏层组成的小型网络用其特征学习，特征取自某一层或所有层的可学习混合。能发现线性探测发现不了的规律，仍只需几秒或几分钟。</translation>
    </message>
    <message>
        <source>The backbone {name} is a network with a head of its own, which transformers cannot load by itself.</source>
        <translation>骨干网络 {name} 是带有自有预测头的网络，transformers 无法自行加载。</translation>
    </message>
    <message>
        <source>The backbone {name} is no longer in {path}.</source>
        <translation>骨干网络 {name} 已不在 {path} 中。</translation>
    </message>
    <message>
        <source>The best of many flatters itself on the validation rows: run the recipe, and compare on the test rows.</source>
        <translation>多次试验中的最佳者在验证行上的得分会偏高：请运行该配方，并在测试行上对比。</translation>
    </message>
    <message>
        <source>The chat template in {path} cannot be used: {reason}.</source>
        <translation>{path} 中的对话模板无法使用：{reason}。</translation>
    </message>
    <message>
        <source>The checkpoint {path} is damaged.</source>
        <translation>检查点 {path} 已损坏。</translation>
    </message>
    <message>
        <source>The checkpoint {path} is damaged; the one before it is used.</source>
        <translation>检查点 {path} 已损坏；将使用它之前的检查点。</translation>
    </message>
    <message>
        <source>The class that the model learns.</source>
        <translation>模型学习的类别。</translation>
    </message>
    <message>
        <source>The classic baseline for English.</source>
        <translation>英语任务的经典基线。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; alone predicts the label in {accuracy} % of held-out rows ({base} % by guessing the largest class), and the text template uses it.</source>
        <translation>仅凭列“{column}”即可正确预测 {accuracy} % 留出行的标签（猜测最大类别为 {base} %），而文本模板使用了该列。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; alone predicts the label in {accuracy} % of held-out rows ({base} % by guessing the largest class), such as {example}.</source>
        <translation>仅凭列“{column}”即可正确预测 {accuracy} % 留出行的标签（猜测最大类别为 {base} %），例如 {example}。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has only one label: &apos;{label}&apos;.</source>
        <translation>列“{column}”只有一个标签：“{label}”。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has only {count} {what}: too few to divide.</source>
        <translation>列“{column}”中只有 {count} 个 {what}：太少，无法划分。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; has {count} different labels in {rows} rows: it does not look like classes.</source>
        <translation>列“{column}”在 {rows} 行中有 {count} 个不同的标签：看起来不像类别。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; says &apos;{value}&apos;, which is no split.</source>
        <translation>列“{column}”中有值“{value}”，它不是划分的名称。</translation>
    </message>
    <message>
        <source>The column &apos;{column}&apos; says which rows are for training and which for the test, but the rows are divided anew.</source>
        <translation>列“{column}”指明了哪些行用于训练、哪些用于测试，但数据行被重新划分。</translation>
    </message>
    <message>
        <source>The column &apos;{name}&apos; cannot be the role &apos;{role}&apos;: it holds {kind}.</source>
        <translation>列“{name}”不能担任角色“{role}”：其内容为 {kind}。</translation>
    </message>
    <message>
        <source>The data has no column left for the {role}.</source>
        <translation>数据中没有剩余的列可用作 {role}。</translation>
    </message>
    <message>
        <source>The data of the run {run} is no longer the same: it has as many rows as before, but other texts or labels, or in another order.</source>
        <translation>运行 {run} 的数据已与之前不同：行数未变，但文本、标签或顺序不同。</translation>
    </message>
    <message>
        <source>The data or the model of the run {run} is no longer the same.</source>
        <translation>运行 {run} 的数据或模型已与之前不同。</translation>
    </message>
    <message>
        <source>The database {path} answers: {reason}</source>
        <translation>数据库 {path} 返回：{reason}</translation>
    </message>
    <message>
        <source>The database {path} has {count} tables: {tables}.</source>
        <translation>数据库 {path} 有 {count} 个表：{tables}。</translation>
    </message>
    <message>
        <source>The database {path} holds no tables.</source>
        <translation>数据库 {path} 中没有表。</translation>
    </message>
    <message>
        <source>The dataset {name} is not on this machine.</source>
        <translation>数据集 {name} 不在本机上。</translation>
    </message>
    <message>
        <source>The delimiter must be one character, not {value}.</source>
        <translation>分隔符必须是单个字符，不能是 {value}。</translation>
    </message>
    <message>
        <source>The difference of {points:+.1f} points to {best} may be chance.</source>
        <translation>与 {best} 相差 {points:+.1f} 个百分点，可能只是偶然。</translation>
    </message>
    <message>
        <source>The disk is full: {path} could not be written.</source>
        <translation>磁盘已满：无法写入 {path}。</translation>
    </message>
    <message>
        <source>The driver for {dialect} databases is not installed.</source>
        <translation>未安装 {dialect} 数据库的驱动程序。</translation>
    </message>
    <message>
        <source>The encoder first learns which rows belong together, then a head is trained on its features (SetFit). For 4 to 64 labelled rows a class, where fine-tuning has too little to learn from.</source>
        <translation>编码器先学习哪些行属于同一类，再用其特征训练预测头（SetFit）。适用于每个类别 4 至 64 个标注行、数据不足以微调的情形。</translation>
    </message>
    <message>
        <source>The environment has no variable {name}, which the address of the database names.</source>
        <translation>数据库地址中引用的环境变量 {name} 不存在。</translation>
    </message>
    <message>
        <source>The exported model could not be used in a fresh process: {reason}</source>
        <translation>导出的模型无法在新进程中使用：{reason}</translation>
    </message>
    <message>
        <source>The exports of this run hold programs as its sender wrote them ({count} files). Read them before you run them.</source>
        <translation>此运行的导出中含有发送者编写的程序（{count} 个文件）。请先阅读，再运行。</translation>
    </message>
    <message>
        <source>The file is damaged; restore it from its source.</source>
        <translation>文件已损坏；请从来源恢复。</translation>
    </message>
    <message>
        <source>The first letter of a word, where slips are rare, stays.</source>
        <translation>保留词的首字母，该处很少出现手误。</translation>
    </message>
    <message>
        <source>The head alone, on features that are read once, in seconds; or the first backbone with it; or both backbones.</source>
        <translation>仅训练预测头：特征只读取一次，几秒即可完成；或与第一骨干网络一起训练；或与两个骨干网络一起训练。</translation>
    </message>
    <message>
        <source>The head learns first; then block after block joins in, from the top down, at smaller and smaller rates. Keeps more of what the backbone knows, which helps with few rows.</source>
        <translation>预测头先学习；随后各层自上而下逐层加入，学习率依次减小。可保留更多骨干网络的已有知识，数据行少时很有帮助。</translation>
    </message>
    <message>
        <source>The head of the earlier training is kept for the classes that it knows; the new ones begin anew.</source>
        <translation>先前训练的预测头中，已认识的类别予以保留；新的类别从头开始。</translation>
    </message>
    <message>
        <source>The head of the earlier training is kept.</source>
        <translation>保留先前训练的预测头。</translation>
    </message>
    <message>
        <source>The head of the earlier training is replaced by a fresh one.</source>
        <translation>先前训练的预测头已替换为新的预测头。</translation>
    </message>
    <message>
        <source>The head of the model cannot be kept: it answers other questions than the task {task} with these classes.</source>
        <translation>无法保留该模型的预测头：它回答的问题与使用这些类别的任务“{task}”不同。</translation>
    </message>
    <message>
        <source>The hub&apos;s own copy of {name} holds only the first part of its rows.</source>
        <translation>Hub 为 {name} 生成的副本只包含其前一部分行。</translation>
    </message>
    <message>
        <source>The image {path} cannot be used: {problem}.</source>
        <translation>无法使用图像 {path}：{problem}。</translation>
    </message>
    <message>
        <source>The keyring of this system cannot be used: {reason}.</source>
        <translation>无法使用此系统的密钥环：{reason}。</translation>
    </message>
    <message>
        <source>The label &apos;{label}&apos; occurs in the {split} rows but in no training row.</source>
        <translation>标签“{label}”出现在 {split} 数据中，但没有出现在任何训练行中。</translation>
    </message>
    <message>
        <source>The last so many stay while the run goes on, beside the best weights; 0 writes none.</source>
        <translation>运行期间，除最佳权重外，还保留最近的若干个检查点；0：不写入检查点。</translation>
    </message>
    <message>
        <source>The layers of a network of type {kind} cannot be read so: it has no backbone that shows them, or they differ in width.</source>
        <translation>无法这样读取类型为 {kind} 的网络的各层：它没有可给出各层的骨干网络，或各层宽度不同。</translation>
    </message>
    <message>
        <source>The log of the run has the details; please report it with them.</source>
        <translation>运行日志中有详细信息；报告问题时请一并附上。</translation>
    </message>
    <message>
        <source>The loss &apos;{loss}&apos; needs a column for: {role}.</source>
        <translation>损失“{loss}”需要一列用作：{role}。</translation>
    </message>
    <message>
        <source>The loss became not-a-number at step {step}: the training goes back to the last good checkpoint, or to its start, and on with half the learning rate.</source>
        <translation>损失在第 {step} 步变为非数值：训练将退回到最近的正常检查点或起点，并以一半的学习率继续。</translation>
    </message>
    <message>
        <source>The loss became not-a-number at step {step}; training ends here.</source>
        <translation>损失在第 {step} 步变为非数值（NaN）；训练到此结束。</translation>
    </message>
    <message>
        <source>The loss does not fall at any rate of the sweep: begin at a lower rate, go to a higher one, or take more steps.</source>
        <translation>在扫描的所有学习率下损失均未下降：请从更低的学习率开始、扫描到更高的学习率，或增加步数。</translation>
    </message>
    <message>
        <source>The loss falls most steeply at a rate of {rate:.2g}.</source>
        <translation>学习率为 {rate:.2g} 时损失下降最快。</translation>
    </message>
    <message>
        <source>The loss grew without end until step {step}: the training goes back to where it was calm, or to its start, and on with half the learning rate.</source>
        <translation>损失不断增大，直至第 {step} 步：训练将退回到损失平稳之处或起点，并以一半的学习率继续。</translation>
    </message>
    <message>
        <source>The loss grew without end, or was not a number, once more at step {step}, although the learning rate had been lowered to {rate}.</source>
        <translation>尽管学习率已降至 {rate}，损失在第 {step} 步仍再次不断增大或变为非数值。</translation>
    </message>
    <message>
        <source>The loss is not a number any more (step {step}).</source>
        <translation>损失已不是有效数值（第 {step} 步）。</translation>
    </message>
    <message>
        <source>The loss is {loss}, for rows with the roles: {roles}.</source>
        <translation>损失为 {loss}，适用于具有以下角色的行：{roles}。</translation>
    </message>
    <message>
        <source>The loss on rows held out was {first} after the first epoch, and is {last} now.</source>
        <translation>留出行上的损失在第一轮后为 {first}，现为 {last}。</translation>
    </message>
    <message>
        <source>The loss rose to more than ten times what it was at first, at step {step}; training ends here.</source>
        <translation>损失在第 {step} 步升至起初的十倍以上；训练到此结束。</translation>
    </message>
    <message>
        <source>The lowest rate must be above 0 and below the highest, and there must be two steps at least.</source>
        <translation>最低学习率必须大于 0 且低于最高学习率，并且至少需要两步。</translation>
    </message>
    <message>
        <source>The means of the classes move with {count} rows without labels.</source>
        <translation>类均值根据 {count} 个无标签的行移动。</translation>
    </message>
    <message>
        <source>The model brings code of its own ({programs}). It is never run: the network is built by transformers alone, and may differ from what its makers meant.</source>
        <translation>该模型自带代码（{programs}）。这些代码绝不会被运行：网络仅由 transformers 构建，可能与其作者的本意不同。</translation>
    </message>
    <message>
        <source>The model does not read it; but a text that is built from it, or that repeats it, would give the label away.</source>
        <translation>模型不会读取该列；但由该列生成或重复其内容的文本会泄露标签。</translation>
    </message>
    <message>
        <source>The model does not say which token its decoder begins with, or which one pads texts: {name} is missing in its config.json.</source>
        <translation>模型没有说明解码器以哪个词元开始，或用哪个词元填充文本：其 config.json 中缺少 {name}。</translation>
    </message>
    <message>
        <source>The model gave no finite scores for {count} of {rows} test rows, the first being row {row}.</source>
        <translation>模型对 {rows} 条测试行中的 {count} 条没有给出有限的得分，首先出现在第 {row} 行。</translation>
    </message>
    <message>
        <source>The model has no trained layers for the task {task}: {count} tensors of {network} begin as random numbers, and learn only from your data.</source>
        <translation>模型没有针对任务“{task}”训练过的层：{network} 的 {count} 个张量从随机数开始，只从您的数据中学习。</translation>
    </message>
    <message>
        <source>The model has seen their like with the answer: the score on them is better than on really new images.</source>
        <translation>模型已见过与其相似且带有答案的图像：其得分会高于真正的新图像。</translation>
    </message>
    <message>
        <source>The model has seen their like with the answer: the score on them is better than on really new rows.</source>
        <translation>模型已见过与其相似且带有答案的行：其得分会高于真正的新行。</translation>
    </message>
    <message>
        <source>The model has seen these images with their answers: the score on them says nothing about new ones.</source>
        <translation>模型已见过这些图像及其答案：其得分不能说明在新图像上的表现。</translation>
    </message>
    <message>
        <source>The model has seen these rows with their answers: the score on them says nothing about new ones.</source>
        <translation>模型已见过这些行及其答案：其得分不能说明在新行上的表现。</translation>
    </message>
    <message>
        <source>The model hears at most {limit} seconds, not {wish}.</source>
        <translation>模型最多听 {limit} 秒，而不是 {wish} 秒。</translation>
    </message>
    <message>
        <source>The model in {path} cannot be loaded: {reason}</source>
        <translation>无法加载 {path} 中的模型：{reason}</translation>
    </message>
    <message>
        <source>The model in {path} cannot predict masked words: it comes without a masked-LM head.</source>
        <translation>{path} 中的模型无法预测被遮盖的词：它不带掩码 LM 头。</translation>
    </message>
    <message>
        <source>The model in {path} does not say how sounds are prepared: {reason}</source>
        <translation>{path} 中的模型没有说明如何预处理声音：{reason}</translation>
    </message>
    <message>
        <source>The model in {path} has no table of word embeddings to take synonyms from.</source>
        <translation>{path} 中的模型没有可用于选取同义词的词嵌入表。</translation>
    </message>
    <message>
        <source>The model in {path} reads no images.</source>
        <translation>{path} 中的模型不能读取图像。</translation>
    </message>
    <message>
        <source>The model knows many languages and must be told which ones: &apos;{language}&apos; is none of its codes, which are {known}.</source>
        <translation>该模型支持多种语言，必须指明使用哪些语言：“{language}”不是其语言代码，可用的代码：{known}。</translation>
    </message>
    <message>
        <source>The model may learn it by heart and give it away with its weights; the law may forbid to use it.</source>
        <translation>模型可能会记住这些数据，并随权重泄露出去；法律可能禁止使用这些数据。</translation>
    </message>
    <message>
        <source>The model of the recipe does not fit the teacher: it is another network, or it reads with another tokenizer or in another size.</source>
        <translation>配方中的模型与教师不匹配：网络不同，或者分词器或输入尺寸不同。</translation>
    </message>
    <message>
        <source>The model reads at most {limit} tokens, not {wish}.</source>
        <translation>模型最多读取 {limit} 个词元，而不是 {wish} 个。</translation>
    </message>
    <message>
        <source>The model reads them as words; in practice the characters may stand there.</source>
        <translation>模型会将其当作词来读取；而在实际使用中，该处可能是字符本身。</translation>
    </message>
    <message>
        <source>The model will read the label there instead of learning from the text: take it out of the template, unless it is known in practice.</source>
        <translation>模型会直接从该列读出标签，而不是从文本中学习：请将该列从模板中移除，除非在实际使用中该列的值是已知的。</translation>
    </message>
    <message>
        <source>The most probable words, of which one is drawn by its probability; more give bolder changes.</source>
        <translation>概率最高的若干个词，按概率从中抽取一个；数量越多，改动越大胆。</translation>
    </message>
    <message>
        <source>The network has {most} blocks; {count} cannot be re-initialised.</source>
        <translation>该网络有 {most} 层；无法重新初始化 {count} 层。</translation>
    </message>
    <message>
        <source>The network need not be quite certain of the labels. Better calibrated, and gentler on wrong labels.</source>
        <translation>不要求网络对标签完全确信。校准更好，受错误标签的影响更小。</translation>
    </message>
    <message>
        <source>The network {kind} cannot be written as a program of ExecuTorch: {reason}</source>
        <translation>网络 {kind} 无法写为 ExecuTorch 程序：{reason}</translation>
    </message>
    <message>
        <source>The network {kind} cannot be written as an ONNX graph: {reason}</source>
        <translation>网络 {kind} 无法写成 ONNX 图：{reason}</translation>
    </message>
    <message>
        <source>The network {kind} has {size} GB of weights in fp32; a file of ONNX, which the chosen exports and steps need, holds 2 GB.</source>
        <translation>网络 {kind} 的 fp32 权重有 {size} GB；而所选导出和步骤所需的 ONNX 文件最多容纳 2 GB。</translation>
    </message>
    <message>
        <source>The noise is alpha / √(tokens × width); the paper: 5 to 15.</source>
        <translation>噪声为 alpha / √（词元数 × 宽度）；论文取 5 至 15。</translation>
    </message>
    <message>
        <source>The old file is kept as {path}.</source>
        <translation>旧文件保留为 {path}。</translation>
    </message>
    <message>
        <source>The order of the classes does not fit the data because of &apos;{label}&apos;.</source>
        <translation>类别的顺序因“{label}”而与数据不符。</translation>
    </message>
    <message>
        <source>The other text of a pair.</source>
        <translation>文本对中的另一条文本。</translation>
    </message>
    <message>
        <source>The package that reaches the keyring of the system is not installed.</source>
        <translation>未安装用于访问系统密钥环的软件包。</translation>
    </message>
    <message>
        <source>The parts are: {known}.</source>
        <translation>可用的部分：{known}。</translation>
    </message>
    <message>
        <source>The passage that holds the answer.</source>
        <translation>包含答案的段落。</translation>
    </message>
    <message>
        <source>The places are: {known}.</source>
        <translation>可用的位置：{known}。</translation>
    </message>
    <message>
        <source>The predictions of the run {run} are damaged.</source>
        <translation>运行 {run} 的预测结果已损坏。</translation>
    </message>
    <message>
        <source>The preview of {path} cannot be read.</source>
        <translation>无法读取 {path} 的预览。</translation>
    </message>
    <message>
        <source>The probability where thresholds are fixed, or where there are no validation rows.</source>
        <translation>使用固定阈值或没有验证行时采用的概率。</translation>
    </message>
    <message>
        <source>The process of the run is gone: it was ended from outside, or the computer was switched off.</source>
        <translation>该运行的进程已不存在：它被外部结束，或计算机已关机。</translation>
    </message>
    <message>
        <source>The program&apos;s own file {name} is missing.</source>
        <translation>缺少程序自带的文件 {name}。</translation>
    </message>
    <message>
        <source>The query is not used, because {reason}: {query}</source>
        <translation>未使用该查询，因为 {reason}：{query}</translation>
    </message>
    <message>
        <source>The rate that is set, {rate:.2g}, is beyond that.</source>
        <translation>当前设置的学习率 {rate:.2g} 超出该范围。</translation>
    </message>
    <message>
        <source>The rate that is set, {rate:.2g}, is within what the sweep finds useful.</source>
        <translation>当前设置的学习率 {rate:.2g} 处于扫描得出的适用范围内。</translation>
    </message>
    <message>
        <source>The rate that is set, {rate:.2g}, is {times:.0f} times lower: training may be slower than it need be.</source>
        <translation>当前设置的学习率 {rate:.2g} 仅为其 1/{times:.0f}：训练可能过慢。</translation>
    </message>
    <message>
        <source>The recipe has nothing in {fields} that could be left out.</source>
        <translation>配方的 {fields} 中没有可省略的内容。</translation>
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
        <source>The recording {path} cannot be used: {problem}.</source>
        <translation>录音 {path} 无法使用：{problem}。</translation>
    </message>
    <message>
        <source>The report could not be written anew.</source>
        <translation>无法重新写出报告。</translation>
    </message>
    <message>
        <source>The result is an average of the weights over many steps, which generalises better than the last step&apos;s.</source>
        <translation>结果是多个步骤的权重的平均，其泛化能力优于最后一步的权重。</translation>
    </message>
    <message>
        <source>The results of {name} are not there any more.</source>
        <translation>{name} 的结果已不存在。</translation>
    </message>
    <message>
        <source>The right answers, as a list.</source>
        <translation>正确答案，以列表形式给出。</translation>
    </message>
    <message>
        <source>The role &apos;{role}&apos; takes one column, not {count}.</source>
        <translation>角色“{role}”只能对应一列，而不是 {count} 列。</translation>
    </message>
    <message>
        <source>The roles are: {known}.</source>
        <translation>可用的角色：{known}。</translation>
    </message>
    <message>
        <source>The rows have no classes that examples could be counted for.</source>
        <translation>这些行没有可用来计算样本数的类别。</translation>
    </message>
    <message>
        <source>The rows must look like [{{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}, …], at the top of the document or in one field.</source>
        <translation>数据行的格式必须为 [{{&quot;text&quot;: &quot;…&quot;, &quot;label&quot;: &quot;…&quot;}}, …]，位于文档顶层或某个字段中。</translation>
    </message>
    <message>
        <source>The run could not be written for {name}: {reason}</source>
        <translation>无法将该运行写入 {name}：{reason}</translation>
    </message>
    <message>
        <source>The run goes on. Complete so far: {stages}.</source>
        <translation>运行继续。目前已完成：{stages}。</translation>
    </message>
    <message>
        <source>The run is here as {run}.</source>
        <translation>该运行在此处的名称为 {run}。</translation>
    </message>
    <message>
        <source>The run {run} does not lie in {folder}, which has the trash.</source>
        <translation>运行 {run} 不在有回收站的 {folder} 中。</translation>
    </message>
    <message>
        <source>The run {run} has kept no adapter.</source>
        <translation>运行 {run} 没有保留适配器。</translation>
    </message>
    <message>
        <source>The run {run} has learned another kind of task ({other}) than this one ({own}).</source>
        <translation>运行 {run} 学习的任务类型（{other}）与本次运行（{own}）不同。</translation>
    </message>
    <message>
        <source>The run {run} has no predictions.</source>
        <translation>运行 {run} 没有预测结果。</translation>
    </message>
    <message>
        <source>The run {run} has no trained model.</source>
        <translation>运行 {run} 没有训练好的模型。</translation>
    </message>
    <message>
        <source>The run {run} has no trained model: it was cancelled, failed, or goes on.</source>
        <translation>运行 {run} 没有训练好的模型：该运行已取消、失败或仍在进行。</translation>
    </message>
    <message>
        <source>The run {run} has trained a network of the type &apos;{kind}&apos;, which cannot learn the task {task}.</source>
        <translation>运行 {run} 训练的是类型为“{kind}”的网络，它无法学习任务“{task}”。</translation>
    </message>
    <message>
        <source>The run {run} is complete.</source>
        <translation>运行 {run} 已完成。</translation>
    </message>
    <message>
        <source>The run {run} is going on, and may need this.</source>
        <translation>运行 {run} 正在进行，可能需要这些内容。</translation>
    </message>
    <message>
        <source>The run {run} is going on.</source>
        <translation>运行 {run} 正在进行中。</translation>
    </message>
    <message>
        <source>The run {run} is in {path}.</source>
        <translation>运行 {run} 位于 {path}。</translation>
    </message>
    <message>
        <source>The run {run} itself is not there any more.</source>
        <translation>运行 {run} 本身已不存在。</translation>
    </message>
    <message>
        <source>The run {run} was trained on another backbone ({other}) than this one ({own}).</source>
        <translation>运行 {run} 所用的骨干网络（{other}）与本次运行（{own}）不同。</translation>
    </message>
    <message>
        <source>The runs {first} and {second} were tested on different rows.</source>
        <translation>运行 {first} 和 {second} 的测试行不同。</translation>
    </message>
    <message>
        <source>The same network with random weights, trained on your data alone. A baseline that shows what the pretraining brings; rarely the best choice.</source>
        <translation>同一网络使用随机权重，仅用您的数据训练。作为基线可显示预训练的作用；很少是最佳选择。</translation>
    </message>
    <message>
        <source>The score cannot be compared with that of others who kept to this division; and what belongs together, such as the pictures of one camera, may now stand on both sides.</source>
        <translation>得分无法与采用原划分的其他结果比较；而且本应归在一起的数据（例如同一台相机的照片）现在可能分在两边。</translation>
    </message>
    <message>
        <source>The scores do not agree on the first place, so try the first two in short runs.</source>
        <translation>各项得分对首位的判断不一致，因此请用前两名做短时运行。</translation>
    </message>
    <message>
        <source>The search {search} has written something a moment ago.</source>
        <translation>搜索 {search} 刚刚写入过内容。</translation>
    </message>
    <message>
        <source>The second backbone has {others} million parameters and features of width {width}.</source>
        <translation>第二骨干网络有 {others} 百万个参数，特征宽度为 {width}。</translation>
    </message>
    <message>
        <source>The sentence that ends after line {line} of {path} has more than {limit} tokens.</source>
        <translation>在 {path} 的第 {line} 行之后结束的句子超过 {limit} 个词元。</translation>
    </message>
    <message>
        <source>The settings file could not be read; the program starts with its defaults.</source>
        <translation>无法读取设置文件；程序以默认设置启动。</translation>
    </message>
    <message>
        <source>The settings of the model name &apos;{name}&apos;, which is no kind of model.</source>
        <translation>模型的设置中写有“{name}”，而它不是任何已知的模型类型。</translation>
    </message>
    <message>
        <source>The share grows when the training loss has fallen to this part of what it was at first.</source>
        <translation>训练损失降到初始值的这一比例时，使用的行的比例增加。</translation>
    </message>
    <message>
        <source>The share is multiplied by this each time.</source>
        <translation>每次将比例乘以此值。</translation>
    </message>
    <message>
        <source>The shorter sides of the images have {least} to {most} pixels.</source>
        <translation>图像的短边为 {least} 至 {most} 像素。</translation>
    </message>
    <message>
        <source>The split method &apos;{method}&apos; needs a column; &apos;{column}&apos; is none of: {known}.</source>
        <translation>划分方法“{method}”需要一列；“{column}”不是以下任何一列：{known}。</translation>
    </message>
    <message>
        <source>The start that was meta-learned before is used again.</source>
        <translation>再次使用先前元学习得到的起点。</translation>
    </message>
    <message>
        <source>The step from {first} to {last} examples a class brought {gain:+.1f} points.</source>
        <translation>每个类别的样本数从 {first} 增加到 {last}，带来 {gain:+.1f} 个百分点的变化。</translation>
    </message>
    <message>
        <source>The step from {first} to {last} examples a class brought {gain:+.3g}.</source>
        <translation>每个类别的样本数从 {first} 增加到 {last}，带来 {gain:+.3g} 的变化。</translation>
    </message>
    <message>
        <source>The strategy {strategy} learns no adapter that could be exported.</source>
        <translation>策略 {strategy} 不学习可导出的适配器。</translation>
    </message>
    <message>
        <source>The student has {own} million parameters, its teacher {others} million.</source>
        <translation>学生模型有 {own} 百万个参数，其教师有 {others} 百万个。</translation>
    </message>
    <message>
        <source>The system ended the worker: most likely the computer ran out of memory.</source>
        <translation>系统结束了工作进程：很可能是计算机内存耗尽。</translation>
    </message>
    <message>
        <source>The tags have the prefixes {prefixes}, which are those of no known scheme.</source>
        <translation>标记的前缀为 {prefixes}，不属于任何已知方案。</translation>
    </message>
    <message>
        <source>The tags mark whole entities (scheme {scheme}).</source>
        <translation>标记标出整个实体（方案 {scheme}）。</translation>
    </message>
    <message>
        <source>The task {name} needs other parts of the network than this one: they cannot share a backbone.</source>
        <translation>任务“{name}”需要的网络部分与当前任务不同：两者无法共用骨干网络。</translation>
    </message>
    <message>
        <source>The task {task} cannot be distilled: its answers are {kind}, for which no soft form is known here.</source>
        <translation>任务“{task}”不能蒸馏：其答案为 {kind}，没有已知的软化形式。</translation>
    </message>
    <message>
        <source>The task {task} has no head that could learn alone from the features of a frozen backbone.</source>
        <translation>任务“{task}”没有能够仅凭冻结骨干网络的特征来学习的预测头。</translation>
    </message>
    <message>
        <source>The teacher has {most} layers; a student of {count} cannot be made of them.</source>
        <translation>教师有 {most} 层；无法由此构成 {count} 层的学生模型。</translation>
    </message>
    <message>
        <source>The teacher {teacher} has learnt another task, or other classes.</source>
        <translation>教师 {teacher} 学习的是其他任务或其他类别。</translation>
    </message>
    <message>
        <source>The teacher&apos;s answers to {count} rows were found in the cache.</source>
        <translation>在缓存中找到了教师对 {count} 行的答案。</translation>
    </message>
    <message>
        <source>The template names &apos;{name}&apos;, which is no column; the columns are: {known}.</source>
        <translation>模板中的“{name}”不是列；现有的列：{known}。</translation>
    </message>
    <message>
        <source>The template names no column: {template}</source>
        <translation>模板中没有列名：{template}</translation>
    </message>
    <message>
        <source>The test texts hold no token that could be predicted.</source>
        <translation>测试文本中没有可供预测的词元。</translation>
    </message>
    <message>
        <source>The text that the model learns to write.</source>
        <translation>模型学习写出的文本。</translation>
    </message>
    <message>
        <source>The text to translate or to shorten.</source>
        <translation>要翻译或缩写的文本。</translation>
    </message>
    <message>
        <source>The texts are in several languages: {main} and {others}.</source>
        <translation>文本使用多种语言：{main} 和 {others}。</translation>
    </message>
    <message>
        <source>The time is too short for a single training.</source>
        <translation>时间太短，不足以完成一次训练。</translation>
    </message>
    <message>
        <source>The tokenizer in {path} cannot be read: {reason}</source>
        <translation>无法读取 {path} 中的分词器：{reason}</translation>
    </message>
    <message>
        <source>The tokenizer in {path} does not say which tokens make a word.</source>
        <translation>{path} 中的分词器没有说明哪些词元构成一个词。</translation>
    </message>
    <message>
        <source>The tokenizer in {path} has no mask token.</source>
        <translation>{path} 中的分词器没有掩码词元。</translation>
    </message>
    <message>
        <source>The tokenizer of this backbone cannot put virtual tokens before a text: {reason}.</source>
        <translation>该骨干网络的分词器无法在文本之前加上虚拟词元：{reason}。</translation>
    </message>
    <message>
        <source>The tokenizer of this model does not tell which characters a token stands for.</source>
        <translation>该模型的分词器没有说明词元对应哪些字符。</translation>
    </message>
    <message>
        <source>The training ended before its first validation.</source>
        <translation>训练在首次验证之前就已结束。</translation>
    </message>
    <message>
        <source>The training images have no boxes.</source>
        <translation>训练图像没有框。</translation>
    </message>
    <message>
        <source>The training loss is {loss}: {percent} % of the rows are used now.</source>
        <translation>训练损失为 {loss}：现使用 {percent} % 的行。</translation>
    </message>
    <message>
        <source>The training rows have no column of {kind} to adapt to.</source>
        <translation>训练行中没有可用于领域适应的 {kind} 列。</translation>
    </message>
    <message>
        <source>The two backbones cut words into different tokens, so that their features of a token cannot be joined.</source>
        <translation>两个骨干网络将词切分为不同的词元，因此无法合并其词元特征。</translation>
    </message>
    <message>
        <source>The two backbones prepare their inputs in different ways: in another size, with other colours, or at another rate.</source>
        <translation>两个骨干网络处理输入的方式不同：尺寸、颜色或采样率不同。</translation>
    </message>
    <message>
        <source>The two backbones were given different numbers of training rows.</source>
        <translation>两个骨干网络得到的训练行数不同。</translation>
    </message>
    <message>
        <source>The uppermost blocks; only the biases of all layers (BitFit); only the layer norms; or the blocks that you click in the drawing.</source>
        <translation>最上方的若干层；仅所有层的偏置（BitFit）；仅层归一化；或您在示意图中点选的层。</translation>
    </message>
    <message>
        <source>The validation loss has not fallen: {count} of {all} parts of the network train now.</source>
        <translation>验证损失没有下降：网络的 {all} 个部分中现有 {count} 个参与训练。</translation>
    </message>
    <message>
        <source>The values are those of the best epoch on {tested} validation rows; without such rows they would be a little worse.</source>
        <translation>这些值是在 {tested} 个验证行上最佳轮次的值；没有这些行时会略差一些。</translation>
    </message>
    <message>
        <source>The words of a sentence, as a list.</source>
        <translation>句子中的词，以列表形式给出。</translation>
    </message>
    <message>
        <source>The workbook {path} cannot be read: {reason}</source>
        <translation>无法读取工作簿 {path}：{reason}</translation>
    </message>
    <message>
        <source>The workbook {path} is protected by a password.</source>
        <translation>工作簿 {path} 受密码保护。</translation>
    </message>
    <message>
        <source>The workbook {path} unpacks to {size} GB.</source>
        <translation>工作簿 {path} 解压后为 {size} GB。</translation>
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
        <source>Their numbers may mean something else than left, top, right and bottom in pixels of this image: width and height, another size of the image, or an image that was turned. The model would learn wrong places: correct the numbers, or leave these images out.</source>
        <translation>这些数字的含义可能不是该图像中以像素计的左、上、右、下：可能是宽度和高度、对应其他尺寸的图像，或图像已被旋转。模型会学到错误的位置：请更正这些数字，或排除这些图像。</translation>
    </message>
    <message>
        <source>Their words look like nonsense to the model, and in practice the texts will be right.</source>
        <translation>对模型而言，其中的词如同乱码，而在实际使用中文本是正确的。</translation>
    </message>
    <message>
        <source>There are no rows to test on.</source>
        <translation>没有可用于测试的行。</translation>
    </message>
    <message>
        <source>There are no validation rows to choose thresholds on: {threshold} is used for all labels.</source>
        <translation>没有可用于选择阈值的验证行：所有标签均使用 {threshold}。</translation>
    </message>
    <message>
        <source>There are too few sizes for a law; three at least are needed.</source>
        <translation>数据规模的取值太少，无法拟合规律；至少需要三个。</translation>
    </message>
    <message>
        <source>There is little in them that a model could learn from: look whether they belong here.</source>
        <translation>其中几乎没有模型可以学习的内容：请查看它们是否应属于此数据。</translation>
    </message>
    <message>
        <source>There is no auxiliary loss for the task {task}: none learns from sounds.</source>
        <translation>任务“{task}”没有可用的辅助损失：没有从声音中学习的辅助损失。</translation>
    </message>
    <message>
        <source>There is no column &apos;{column}&apos; for the language; {path} has: {known}.</source>
        <translation>没有可用作语言的列“{column}”；{path} 中的列：{known}。</translation>
    </message>
    <message>
        <source>There is no column &apos;{column}&apos; that rows are joined by; {path} has: {known}.</source>
        <translation>没有可用来合并数据行的列“{column}”；{path} 中的列：{known}。</translation>
    </message>
    <message>
        <source>There is no column &apos;{name}&apos; for the {role}; the file {path} has: {known}.</source>
        <translation>没有可用作 {role} 的列“{name}”；文件 {path} 中的列：{known}。</translation>
    </message>
    <message>
        <source>There is no database {path}. Three slashes stand before a relative path, which begins in the folder of the program: {folder}.</source>
        <translation>数据库 {path} 不存在。三个斜杠之后为相对路径，从程序所在的文件夹开始：{folder}。</translation>
    </message>
    <message>
        <source>There is no folder {folder} with the images.</source>
        <translation>存放图像的文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>There is no model folder {path}.</source>
        <translation>模型文件夹 {path} 不存在。</translation>
    </message>
    <message>
        <source>There is no place called &apos;{name}&apos;.</source>
        <translation>没有名为“{name}”的位置。</translation>
    </message>
    <message>
        <source>There is no recipe &apos;{name}&apos; in the queue.</source>
        <translation>队列中没有配方“{name}”。</translation>
    </message>
    <message>
        <source>There is no run &apos;{run}&apos; in {folder}.</source>
        <translation>{folder} 中没有运行“{run}”。</translation>
    </message>
    <message>
        <source>There is no run or recipe {place}.</source>
        <translation>运行或配方 {place} 不存在。</translation>
    </message>
    <message>
        <source>There is no run {run}.</source>
        <translation>运行 {run} 不存在。</translation>
    </message>
    <message>
        <source>There is no run, model folder or downloaded model {name}.</source>
        <translation>没有名为 {name} 的运行、模型文件夹或已下载的模型。</translation>
    </message>
    <message>
        <source>There is no text encoding called {name}.</source>
        <translation>没有名为 {name} 的文本编码。</translation>
    </message>
    <message>
        <source>There is no tracker &apos;{name}&apos;.</source>
        <translation>没有实验跟踪工具“{name}”。</translation>
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
        <source>There is nothing of &apos;{run}&apos; in the trash.</source>
        <translation>回收站中没有“{run}”的内容。</translation>
    </message>
    <message>
        <source>There is nothing to compare with.</source>
        <translation>没有可供比较的对象。</translation>
    </message>
    <message>
        <source>There is nothing to hear in them: what is learnt from them is noise.</source>
        <translation>其中没有可听的内容：从中学到的只是噪声。</translation>
    </message>
    <message>
        <source>There is nothing to learn from them; a run does not start with such rows.</source>
        <translation>从中学不到任何东西；存在此类行时，运行不会开始。</translation>
    </message>
    <message>
        <source>There is too little room at {path}: {free} MB are free, {size} MB are needed.</source>
        <translation>{path} 空间不足：可用 {free} MB，需要 {size} MB。</translation>
    </message>
    <message>
        <source>They are around a crowd, have no area inside the image, or no name: a model cannot learn them as they are. Nothing has to be mended, unless these are many: then the numbers of the source may mean something else.</source>
        <translation>这些框围住群体、在图像内没有面积或没有名称：模型无法照原样学习。无需修复，除非数量很多：那样的话，来源中的数字可能另有含义。</translation>
    </message>
    <message>
        <source>They are hardly learnt, and their scores hang on single rows.</source>
        <translation>这些类别几乎学不会，其得分取决于个别行。</translation>
    </message>
    <message>
        <source>They are learnt as different classes, and an answer in the other form counts as wrong.</source>
        <translation>它们会被当作不同的类别来学习，写成另一种形式的答案会被算作错误。</translation>
    </message>
    <message>
        <source>They are taken out wherever they stand alone, not inside a word.</source>
        <translation>仅在单独出现时去除，位于其他词内部时不去除。</translation>
    </message>
    <message>
        <source>They are too few to be learnt, and a language can give a label away.</source>
        <translation>这些文本太少，无法学会，而且语言可能泄露标签。</translation>
    </message>
    <message>
        <source>They cannot be learnt from or tested as they are; a run does not start with such rows.</source>
        <translation>这些行无法照原样用于学习或测试；含有此类行时运行不会启动。</translation>
    </message>
    <message>
        <source>They cannot be learnt from or tested; a run does not start with such rows.</source>
        <translation>这些行无法用于学习或测试；存在此类行时，运行不会开始。</translation>
    </message>
    <message>
        <source>They count several times in training and in the score.</source>
        <translation>它们在训练和得分中都会重复计算多次。</translation>
    </message>
    <message>
        <source>They count several times in training, and make the data look larger than it is.</source>
        <translation>它们在训练中会重复计算多次，并使数据看起来比实际更多。</translation>
    </message>
    <message>
        <source>They may come from other data, or be broken: what is learnt from them helps with nothing else.</source>
        <translation>这些行可能来自其他数据，或已损坏：从中学到的东西对其他数据没有帮助。</translation>
    </message>
    <message>
        <source>This augmentation needs a backbone, and none is chosen.</source>
        <translation>此项增强需要骨干网络，但尚未选择。</translation>
    </message>
    <message>
        <source>This is no token: a token is one word of letters and digits.</source>
        <translation>这不是令牌：令牌是由字母和数字组成的一个词。</translation>
    </message>
    <message>
        <source>This machine has no usable {device} device.</source>
        <translation>本机没有可用的 {device} 设备。</translation>
    </message>
    <message>
        <source>This model takes its first layers from the library timm, which is not part of TLStudio.</source>
        <translation>该模型的前几层取自 timm 库，而 TLStudio 不含该库。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>Thresholds</source>
        <translation>阈值</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>To either side.</source>
        <translation>向两侧。</translation>
    </message>
    <message>
        <source>Token accuracy</source>
        <translation>词元准确率</translation>
    </message>
    <message>
        <source>Token classification</source>
        <translation>词元分类</translation>
    </message>
    <message>
        <source>Token column</source>
        <translation>词元列</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>Top and bottom</source>
        <translation>上下翻转</translation>
    </message>
    <message>
        <source>Train again with a lower learning rate or in fp32 precision.</source>
        <translation>请用更低的学习率或 fp32 精度重新训练。</translation>
    </message>
    <message>
        <source>Train it with LoRA, IA³, prompt tuning or prefix tuning. A head that is tied to the embeddings cannot be kept apart; then use the safetensors export.</source>
        <translation>请用 LoRA、IA³、提示微调或前缀微调训练。与嵌入绑定的预测头无法单独保存；此时请使用 safetensors 导出。</translation>
    </message>
    <message>
        <source>Train on chosen languages</source>
        <translation>用所选语言训练</translation>
    </message>
    <message>
        <source>Train the run again.</source>
        <translation>请重新训练该运行。</translation>
    </message>
    <message>
        <source>Trained model</source>
        <translation>训练好的模型</translation>
    </message>
    <message>
        <source>Training keeps all rows of the source languages and a few of the others, or none (zero-shot). Test rows of all languages stay, and results are told by language.</source>
        <translation>训练时保留源语言的所有行，以及其他语言的少量行或不保留（零样本）。所有语言的测试行均保留，并按语言给出结果。</translation>
    </message>
    <message>
        <source>Training rows that stay of each other language; 0 is zero-shot.</source>
        <translation>其他每种语言保留的训练行数；0 为零样本。</translation>
    </message>
    <message>
        <source>Training will take about {minutes} minutes at most and {memory} GB of memory.</source>
        <translation>训练最多约需 {minutes} 分钟和 {memory} GB 内存。</translation>
    </message>
    <message>
        <source>Training would take {needed} GB of memory, and there are {there} GB.</source>
        <translation>训练需要 {needed} GB 内存，而只有 {there} GB。</translation>
    </message>
    <message>
        <source>Try again in a moment.</source>
        <translation>请稍后重试。</translation>
    </message>
    <message>
        <source>Turn of the colour circle to either side; 0.5 is every colour.</source>
        <translation>色环向两侧旋转的幅度；0.5 涵盖所有颜色。</translation>
    </message>
    <message>
        <source>Turns texts such as “schÃ¶n” back into “schön”, and drops control characters.</source>
        <translation>将“schÃ¶n”这样的文本还原为“schön”，并删除控制字符。</translation>
    </message>
    <message>
        <source>Turns the image by a random angle. Not by much where up and down matter.</source>
        <translation>将图像旋转随机角度。如果上下有别，角度不宜过大。</translation>
    </message>
    <message>
        <source>Two letters come in the wrong order.</source>
        <translation>两个字母顺序颠倒。</translation>
    </message>
    <message>
        <source>Two letters such as DE: its phone numbers are recognised without a country code as well.</source>
        <translation>两个字母，例如 DE：该国的电话号码不带国家代码也能识别。</translation>
    </message>
    <message>
        <source>Two of the runs have the same name, by which their adapters would be switched.</source>
        <translation>其中两次运行名称相同，而适配器要按名称切换。</translation>
    </message>
    <message>
        <source>Two thirds of BERT&apos;s size at nearly its accuracy; well documented everywhere.</source>
        <translation>大小为 BERT 的三分之二，准确率相近；文档资料丰富。</translation>
    </message>
    <message>
        <source>Typed columns; nested ones become columns by dotted path, pictures become files.</source>
        <translation>带类型的列；嵌套的列展开为以点分路径命名的列，图像存为文件。</translation>
    </message>
    <message>
        <source>Uneven classes</source>
        <translation>类别不均衡</translation>
    </message>
    <message>
        <source>Unicode form</source>
        <translation>Unicode 形式</translation>
    </message>
    <message>
        <source>Unlock it, or install one (GNOME Keyring, KWallet); or put the token into the variable HF_TOKEN for the time of a session. It is never written into a file.</source>
        <translation>请解锁密钥环，或安装一个（GNOME Keyring、KWallet）；也可在本次会话中将令牌放入变量 HF_TOKEN。令牌绝不会写入文件。</translation>
    </message>
    <message>
        <source>Unpack the archive yourself if you trust it, and choose what was in it.</source>
        <translation>如果您信任该压缩包，请自行解压，然后选择其中的内容。</translation>
    </message>
    <message>
        <source>Unpack the archive yourself, and choose what was in it.</source>
        <translation>请自行解压该压缩包，然后选择其中的内容。</translation>
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
        <source>Use it as it is, or move it away first.</source>
        <translation>请直接使用，或先将其移走。</translation>
    </message>
    <message>
        <source>Use one of: {known}.</source>
        <translation>请使用以下之一：{known}。</translation>
    </message>
    <message>
        <source>Use the ONNX export.</source>
        <translation>请使用 ONNX 导出。</translation>
    </message>
    <message>
        <source>Use the OpenVINO export, or a step that gives int8 for ONNX Runtime.</source>
        <translation>请使用 OpenVINO 导出，或使用能为 ONNX Runtime 生成 int8 的步骤。</translation>
    </message>
    <message>
        <source>Use the safetensors export without steps that give ONNX or OpenVINO; or make the network smaller first, by removing layers or trimming the vocabulary, or choose a smaller one.</source>
        <translation>请使用 safetensors 导出，且不含生成 ONNX 或 OpenVINO 的步骤；或先通过移除层或裁剪词表缩小网络，或选择较小的网络。</translation>
    </message>
    <message>
        <source>Use the safetensors export without the int8 step, or choose another model.</source>
        <translation>请使用不含 int8 步骤的 safetensors 导出，或选择其他模型。</translation>
    </message>
    <message>
        <source>Use the safetensors or the ONNX export of the same model, or export it again here.</source>
        <translation>请使用同一模型的 safetensors 或 ONNX 导出，或在此处重新导出。</translation>
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
        <source>Validation rows</source>
        <translation>验证行</translation>
    </message>
    <message>
        <source>Validation share</source>
        <translation>验证集比例</translation>
    </message>
    <message>
        <source>Validation values</source>
        <translation>验证值</translation>
    </message>
    <message>
        <source>Values of the column whose rows are the test rows (held-out).</source>
        <translation>该列中的这些值，其所在的行作为测试行（held-out）。</translation>
    </message>
    <message>
        <source>Values of the column whose rows are the validation rows (held-out).</source>
        <translation>该列中的这些值，其所在的行作为验证行（held-out）。</translation>
    </message>
    <message>
        <source>Very short texts</source>
        <translation>过短的文本</translation>
    </message>
    <message>
        <source>Virtual tokens</source>
        <translation>虚拟词元</translation>
    </message>
    <message>
        <source>Wait a second, then start again.</source>
        <translation>请稍等片刻，然后重新开始。</translation>
    </message>
    <message>
        <source>Wait until it has ended, or end that process; then try again.</source>
        <translation>请等待其结束，或结束该进程；然后重试。</translation>
    </message>
    <message>
        <source>Wait until it has ended, or stop it.</source>
        <translation>请等待其结束，或将其停止。</translation>
    </message>
    <message>
        <source>Wait until that has ended.</source>
        <translation>请等待其结束。</translation>
    </message>
    <message>
        <source>Warm-up</source>
        <translation>预热</translation>
    </message>
    <message>
        <source>Wav2Vec2 base</source>
        <translation>Wav2Vec2 base</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Weight decay</source>
        <translation>权重衰减</translation>
    </message>
    <message>
        <source>Weight of the earlier answers</source>
        <translation>先前答案的权重</translation>
    </message>
    <message>
        <source>Weight of the others</source>
        <translation>其他任务的权重</translation>
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
        <source>What a run does when its window is gone: goes on, stops, or leaves off to be resumed.</source>
        <translation>窗口消失后运行的处理方式：继续进行、停止，或中断以便之后恢复。</translation>
    </message>
    <message>
        <source>What can be cleaned: {known}.</source>
        <translation>可清理的内容：{known}。</translation>
    </message>
    <message>
        <source>What can be moved: {known}.</source>
        <translation>可移动的内容：{known}。</translation>
    </message>
    <message>
        <source>What fills the corners: the colour of the border, the mirrored image, or black.</source>
        <translation>边角的填充方式：边缘颜色、镜像图像或黑色。</translation>
    </message>
    <message>
        <source>What fills the gaps of moved images: the colour of the border, the mirrored image, or black.</source>
        <translation>图像移动后空隙的填充方式：边缘颜色、镜像图像或黑色。</translation>
    </message>
    <message>
        <source>What is asked about the context.</source>
        <translation>针对上下文提出的问题。</translation>
    </message>
    <message>
        <source>What the model reads.</source>
        <translation>模型读取的内容。</translation>
    </message>
    <message>
        <source>When the row was made.</source>
        <translation>该行产生的时间。</translation>
    </message>
    <message>
        <source>Where each answer begins in the context.</source>
        <translation>每个答案在上下文中的起始位置。</translation>
    </message>
    <message>
        <source>Where run folders are made; empty takes the default.</source>
        <translation>存放运行文件夹的位置；留空则使用默认位置。</translation>
    </message>
    <message>
        <source>Where {place} lie is set by {variable} in the environment.</source>
        <translation>{place} 的存放位置由环境变量 {variable} 设定。</translation>
    </message>
    <message>
        <source>Whether log files may hold values of the data.</source>
        <translation>日志文件是否可以包含数据中的值。</translation>
    </message>
    <message>
        <source>Window geometry as base64.</source>
        <translation>窗口几何信息（base64）。</translation>
    </message>
    <message>
        <source>With fewer cut texts it is only a notice.</source>
        <translation>被截断的文本少于此比例时，仅作为提示。</translation>
    </message>
    <message>
        <source>With one step this would be ordinary joint training.</source>
        <translation>若只有一步，就成了普通的联合训练。</translation>
    </message>
    <message>
        <source>With {each} examples a class: {metric} of {value:.1f} % on average over {trainings} trainings, from {least:.1f} % to {most:.1f} %.</source>
        <translation>每个类别 {each} 个样本：{trainings} 次训练的 {metric} 平均为 {value:.1f} %，介于 {least:.1f} % 与 {most:.1f} % 之间。</translation>
    </message>
    <message>
        <source>With {each} examples a class: {metric} of {value:.3g} on average over {trainings} trainings, from {least:.3g} to {most:.3g}.</source>
        <translation>每个类别 {each} 个样本：{trainings} 次训练的 {metric} 平均为 {value:.3g}，介于 {least:.3g} 与 {most:.3g} 之间。</translation>
    </message>
    <message>
        <source>Within a place</source>
        <translation>训练、验证和测试数据各自内部</translation>
    </message>
    <message>
        <source>Within a place: same leaves rows with equal content and different labels for drop-conflicts; any keeps the first of them.</source>
        <translation>在训练、验证和测试数据各自内部：same：内容相同而标签不同的行留给 drop-conflicts 处理；any：只保留其中的第一行。</translation>
    </message>
    <message>
        <source>Within a place: same leaves similar rows that have different labels; any keeps the first of them.</source>
        <translation>在训练、验证和测试数据各自内部：same：保留标签不同的相似行；any：只保留其中的第一行。</translation>
    </message>
    <message>
        <source>Without a dictionary: smallest cosine of a candidate; higher is safer and changes fewer words.</source>
        <translation>没有词典时：候选词的最小余弦相似度；值越高越稳妥，改动的词也越少。</translation>
    </message>
    <message>
        <source>Without a dictionary: so many candidates for a word.</source>
        <translation>没有词典时：每个词的候选词数。</translation>
    </message>
    <message>
        <source>Word: coverage</source>
        <translation>词：覆盖率</translation>
    </message>
    <message>
        <source>Word: precision</source>
        <translation>词：精确率</translation>
    </message>
    <message>
        <source>Words are swapped over at most this many places; empty allows any distance, as EDA does.</source>
        <translation>词的交换距离最多为此数目的位置；留空则不限距离，与 EDA 相同。</translation>
    </message>
    <message>
        <source>Words get one slip each; of letters, a long word may get several.</source>
        <translation>按词：每个词出现一处笔误；按字母：长词可能出现多处。</translation>
    </message>
    <message>
        <source>Words of a text change places. For classes that follow from the words and not from their order; in Chinese and Japanese single characters are swapped, which breaks words.</source>
        <translation>文本中的词互换位置。适用于类别取决于词而非词序的情形；在中文和日文中交换的是单个字，会破坏词语。</translation>
    </message>
    <message>
        <source>Words or signs</source>
        <translation>词或符号</translation>
    </message>
    <message>
        <source>Words that are replaced.</source>
        <translation>被替换的词的比例。</translation>
    </message>
    <message>
        <source>Words that are translated, as far as they are known.</source>
        <translation>被翻译的词的比例，仅限词典中已有的词。</translation>
    </message>
    <message>
        <source>Words that change; 1 changes the whole text.</source>
        <translation>改动的词的比例；1 表示改动整条文本。</translation>
    </message>
    <message>
        <source>Write a number such as 0.5, or choose another column.</source>
        <translation>请填写数值（例如 0.5），或选择其他列。</translation>
    </message>
    <message>
        <source>Write column names in braces, such as {example}.</source>
        <translation>请将列名写在花括号中，例如 {example}。</translation>
    </message>
    <message>
        <source>Write hub:org/name, or hub:org/name@revision#configuration/split.</source>
        <translation>请写成 hub:org/name，或 hub:org/name@revision#configuration/split。</translation>
    </message>
    <message>
        <source>Write it as dialect://user:password@host:port/database, such as postgresql://me@localhost/tickets.</source>
        <translation>请写成 dialect://user:password@host:port/database，例如 postgresql://me@localhost/tickets。</translation>
    </message>
    <message>
        <source>Write it with http:// or https://, such as {example}.</source>
        <translation>请以 http:// 或 https:// 开头填写，例如 {example}。</translation>
    </message>
    <message>
        <source>Write numbers from 1 on.</source>
        <translation>请填写不小于 1 的数。</translation>
    </message>
    <message>
        <source>Write one SELECT; TLStudio only reads.</source>
        <translation>请只写一条 SELECT；TLStudio 只读取数据。</translation>
    </message>
    <message>
        <source>Write one entry a line: a word, a tab, and its other words with commas between them; or use JSON.</source>
        <translation>请每行写一个条目：一个词、一个制表符及其对应的其他词（以逗号分隔）；或使用 JSON。</translation>
    </message>
    <message>
        <source>Write the characters</source>
        <translation>还原为字符</translation>
    </message>
    <message>
        <source>Write times such as 2026-11-22 14:30, or choose another column.</source>
        <translation>请将时间写成 2026-11-22 14:30 这样的形式，或选择其他列。</translation>
    </message>
    <message>
        <source>Writes ! and ? twice or thrice, and . as dots.</source>
        <translation>将“!”和“?”写成两个或三个，将“.”写成省略号。</translation>
    </message>
    <message>
        <source>Writes the characters that HTML entities stand for.</source>
        <translation>还原 HTML 实体所代表的字符。</translation>
    </message>
    <message>
        <source>Wrong labels are learnt, and in the test rows they make the score too low. Look at them, the surest first; the repairs leave test rows alone, since a test must not be corrected by a model.</source>
        <translation>错误的标签会被学到，在测试行中还会使得分偏低。请查看这些标签，最确定的排在最前；修复不会更改测试行，因为测试数据不得由模型来更正。</translation>
    </message>
    <message>
        <source>XLM-RoBERTa base</source>
        <translation>XLM-RoBERTa base</translation>
    </message>
    <message>
        <source>YOLOS tiny</source>
        <translation>YOLOS tiny</translation>
    </message>
    <message>
        <source>Your earlier tasks are learnt for a few steps each, again and again, in search of a start from which few rows suffice; then the whole network is fine-tuned. Worth a try where you have several tasks like the new one.</source>
        <translation>反复用少量步数学习您先前的各个任务，寻找一个只需少量行即可学会新任务的起点；然后微调整个网络。如果您有多个与新任务相似的任务，值得一试。</translation>
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
        <source>a compressed (bz2) file</source>
        <translation>压缩文件（bz2）</translation>
    </message>
    <message>
        <source>a compressed (gz) file</source>
        <translation>压缩（gz）文件</translation>
    </message>
    <message>
        <source>a compressed (xz) file</source>
        <translation>压缩文件（xz）</translation>
    </message>
    <message>
        <source>a database</source>
        <translation>数据库</translation>
    </message>
    <message>
        <source>a folder of other files</source>
        <translation>含有其他文件的文件夹</translation>
    </message>
    <message>
        <source>a name of something else</source>
        <translation>其他事物的名称</translation>
    </message>
    <message>
        <source>a picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>aA1 
.&apos;!é中&#xa0;</source>
        <translation>aA1 
.&apos;!é中&#xa0;</translation>
    </message>
    <message>
        <source>an old Excel or Word document</source>
        <translation>旧版 Excel 或 Word 文档</translation>
    </message>
    <message>
        <source>binary data</source>
        <translation>二进制数据</translation>
    </message>
    <message>
        <source>can&apos;t allocate memory</source>
        <translation>无法分配内存</translation>
    </message>
    <message>
        <source>cannot allocate memory</source>
        <translation>无法分配内存</translation>
    </message>
    <message>
        <source>chosen by you</source>
        <translation>由您选择</translation>
    </message>
    <message>
        <source>could not create a memory</source>
        <translation>无法创建内存</translation>
    </message>
    <message>
        <source>degrees</source>
        <translation>度</translation>
    </message>
    <message>
        <source>it does not fit pairs of texts</source>
        <translation>不适用于文本对</translation>
    </message>
    <message>
        <source>it does not fit this kind of data</source>
        <translation>不适用于此类数据</translation>
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
        <source>it holds lists of this kind</source>
        <translation>其中是此类内容的列表</translation>
    </message>
    <message>
        <source>it is switched off</source>
        <translation>该项已关闭</translation>
    </message>
    <message>
        <source>its name says so</source>
        <translation>由列名判断</translation>
    </message>
    <message>
        <source>its values are image files</source>
        <translation>其值为图像文件</translation>
    </message>
    <message>
        <source>k-nearest neighbours</source>
        <translation>k 近邻</translation>
    </message>
    <message>
        <source>labels (joined)</source>
        <translation>标签（合并）</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>无响应</translation>
    </message>
    <message>
        <source>no model is chosen whose tokens could be counted</source>
        <translation>尚未选择可用来统计词元数的模型</translation>
    </message>
    <message>
        <source>not enough memory</source>
        <translation>内存不足</translation>
    </message>
    <message>
        <source>only when you look deeper</source>
        <translation>仅在深入检查时进行</translation>
    </message>
    <message>
        <source>out of memory</source>
        <translation>内存耗尽</translation>
    </message>
    <message>
        <source>text (template)</source>
        <translation>文本（模板）</translation>
    </message>
    <message>
        <source>the labels follow too little from the texts or images to doubt single ones</source>
        <translation>标签与文本或图像的关联太弱，无法质疑单个标签</translation>
    </message>
    <message>
        <source>there are too few rows</source>
        <translation>行数太少</translation>
    </message>
    <message>
        <source>there are too many classes</source>
        <translation>类别太多</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>words</source>
        <translation>词</translation>
    </message>
    <message>
        <source>{address} is no address.</source>
        <translation>{address} 不是有效地址。</translation>
    </message>
    <message>
        <source>{count} classes have a single example, such as &apos;{label}&apos;: they cannot be both learnt and tested.</source>
        <translation>有 {count} 个类别只有一个样本，例如“{label}”：无法同时用于训练和测试。</translation>
    </message>
    <message>
        <source>{count} classes have fewer than {each} training rows, such as &apos;{label}&apos;; all of theirs were taken.</source>
        <translation>{count} 个类别的训练行少于 {each} 个，例如“{label}”；这些类别的行已全部采用。</translation>
    </message>
    <message>
        <source>{count} classes have fewer than {minimum} rows: {labels}.</source>
        <translation>{count} 个类别的行数少于 {minimum}：{labels}。</translation>
    </message>
    <message>
        <source>{count} classes have too few training rows to be both learnt and tested: {labels}.</source>
        <translation>{count} 个类别的训练行过少，无法同时用于训练和测试：{labels}。</translation>
    </message>
    <message>
        <source>{count} files that could run code were left out.</source>
        <translation>已排除 {count} 个可能运行代码的文件。</translation>
    </message>
    <message>
        <source>{count} labels are others in another form: {pairs}.</source>
        <translation>{count} 个标签是其他标签的另一种形式：{pairs}。</translation>
    </message>
    <message>
        <source>{count} of {rows} images are copies of others with the same label.</source>
        <translation>共 {rows} 张图像，其中 {count} 张与标签相同的其他图像重复。</translation>
    </message>
    <message>
        <source>{count} of {rows} images are grey among coloured ones, or coloured among grey ones.</source>
        <translation>共 {rows} 张图像，其中 {count} 张是彩色图像中的灰度图像，或灰度图像中的彩色图像。</translation>
    </message>
    <message>
        <source>{count} of {rows} images are stored turned or mirrored, with a note of the camera (EXIF).</source>
        <translation>共 {rows} 张图像，其中 {count} 张以旋转或镜像的形式存储，并附有相机记录的方向信息（EXIF）。</translation>
    </message>
    <message>
        <source>{count} of {rows} images cannot be used.</source>
        <translation>共 {rows} 张图像，其中 {count} 张无法使用。</translation>
    </message>
    <message>
        <source>{count} of {rows} images have a side of fewer than {pixels} pixels.</source>
        <translation>共 {rows} 张图像，其中 {count} 张有一边少于 {pixels} 像素。</translation>
    </message>
    <message>
        <source>{count} of {rows} images look like an earlier one with the same label.</source>
        <translation>共 {rows} 张图像，其中 {count} 张与前面标签相同的某张图像相似。</translation>
    </message>
    <message>
        <source>{count} of {rows} labels are doubtful.</source>
        <translation>共 {rows} 个标签，其中 {count} 个可疑。</translation>
    </message>
    <message>
        <source>{count} of {rows} labels are probably wrong.</source>
        <translation>共 {rows} 个标签，其中 {count} 个可能是错误的。</translation>
    </message>
    <message>
        <source>{count} of {rows} rows are copies of others with the same label.</source>
        <translation>共 {rows} 行，其中 {count} 行与标签相同的其他行重复。</translation>
    </message>
    <message>
        <source>{count} of {rows} rows are nearly the same as an earlier one with the same label.</source>
        <translation>共 {rows} 行，其中 {count} 行与前面标签相同的某一行近乎相同。</translation>
    </message>
    <message>
        <source>{count} of {rows} rows are unlike those of every class.</source>
        <translation>共 {rows} 行，其中 {count} 行与所有类别的行都不相似。</translation>
    </message>
    <message>
        <source>{count} of {rows} test rows are copies of others.</source>
        <translation>共 {rows} 个测试行，其中 {count} 个与其他行重复。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts are in another language than most ({main}): {others}.</source>
        <translation>共 {rows} 条文本，其中 {count} 条与多数文本的语言（{main}）不同：{others}。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have HTML entities such as &amp;amp; in the place of characters.</source>
        <translation>共 {rows} 条文本，其中 {count} 条含有“&amp;amp;”之类的 HTML 实体，而不是字符本身。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have characters that were lost in reading (�).</source>
        <translation>共 {rows} 条文本，其中 {count} 条含有读取时丢失的字符（�）。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have fewer than {letters} letters.</source>
        <translation>共 {rows} 条文本，其中 {count} 条少于 {letters} 个字母。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have invisible control characters.</source>
        <translation>共 {rows} 条文本，其中 {count} 条含有不可见的控制字符。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have more than {limit} tokens.</source>
        <translation>共 {rows} 条文本，其中 {count} 条超过 {limit} 个词元。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts have personal data: {kinds}.</source>
        <translation>共 {rows} 条文本，其中 {count} 条含有个人数据：{kinds}。</translation>
    </message>
    <message>
        <source>{count} of {rows} texts were read in a wrong encoding somewhere.</source>
        <translation>共 {rows} 条文本，其中 {count} 条曾以错误的编码读取。</translation>
    </message>
    <message>
        <source>{count} of {rows} training rows were drawn to be remembered.</source>
        <translation>从 {rows} 个训练行中抽取 {count} 行供以后记忆。</translation>
    </message>
    <message>
        <source>{count} of {rows} {other} images are among the {one} images as well.</source>
        <translation>共 {rows} 张 {other} 图像，其中 {count} 张也出现在 {one} 图像中。</translation>
    </message>
    <message>
        <source>{count} of {rows} {other} images look like one of the {one} images.</source>
        <translation>共 {rows} 张 {other} 图像，其中 {count} 张与某张 {one} 图像相似。</translation>
    </message>
    <message>
        <source>{count} of {rows} {other} rows are in the {one} rows as well.</source>
        <translation>共 {rows} 个 {other} 行，其中 {count} 行也出现在 {one} 行中。</translation>
    </message>
    <message>
        <source>{count} of {rows} {other} rows are nearly the same as one of the {one} rows.</source>
        <translation>共 {rows} 个 {other} 行，其中 {count} 行与某个 {one} 行近乎相同。</translation>
    </message>
    <message>
        <source>{count} parameters train: {tokens} virtual tokens, and the head.</source>
        <translation>训练 {count} 个参数：{tokens} 个虚拟词元和预测头。</translation>
    </message>
    <message>
        <source>{count} rare labels may be misspelt: {pairs}.</source>
        <translation>{count} 个稀有标签可能拼写有误：{pairs}。</translation>
    </message>
    <message>
        <source>{count} rows are nearly the same as an earlier one, but have another label.</source>
        <translation>{count} 行与前面的某一行近乎相同，但标签不同。</translation>
    </message>
    <message>
        <source>{count} rows have no label.</source>
        <translation>{count} 行没有标签。</translation>
    </message>
    <message>
        <source>{count} rows of {path} have no text or no label, first in row {row}.</source>
        <translation>{path} 中有 {count} 行没有文本或标签，首先出现在第 {row} 行。</translation>
    </message>
    <message>
        <source>{count} rows share {contents} contents, but not the label.</source>
        <translation>{count} 行的内容只有 {contents} 种，但相同内容的标签不同。</translation>
    </message>
    <message>
        <source>{count} rows share {contents} images, but not the label.</source>
        <translation>{count} 行只含 {contents} 张不同的图像，但相同图像的标签不同。</translation>
    </message>
    <message>
        <source>{count} words or signs predict a label almost alone (label: precision, share of its rows): {words}.</source>
        <translation>{count} 个词或符号几乎仅凭自身就能预测标签（标签：精确率，占该标签行数的比例）：{words}。</translation>
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
        <source>{host} has no dataset (or revision) called {name}.</source>
        <translation>{host} 上没有名为 {name} 的数据集（或修订版本）。</translation>
    </message>
    <message>
        <source>{host} has no model (or revision) called {name}.</source>
        <translation>{host} 上没有名为 {name} 的模型（或修订版本）。</translation>
    </message>
    <message>
        <source>{length} virtual tokens leave no room for texts, of which {room} tokens are read.</source>
        <translation>{length} 个虚拟词元占满了位置：共只读取 {room} 个词元，没有留给文本的余地。</translation>
    </message>
    <message>
        <source>{name} could not be downloaded from {host}: {reason}</source>
        <translation>无法从 {host} 下载 {name}：{reason}</translation>
    </message>
    <message>
        <source>{name} has no configuration &apos;{wish}&apos;.</source>
        <translation>{name} 没有配置“{wish}”。</translation>
    </message>
    <message>
        <source>{name} has no data in Parquet, CSV or JSON, and no copy in Parquet on the hub.</source>
        <translation>{name} 没有 Parquet、CSV 或 JSON 格式的数据，Hub 上也没有其 Parquet 副本。</translation>
    </message>
    <message>
        <source>{name} has no split &apos;{split}&apos;.</source>
        <translation>{name} 没有划分“{split}”。</translation>
    </message>
    <message>
        <source>{name} has no weights in safetensors format.</source>
        <translation>{name} 没有 safetensors 格式的权重。</translation>
    </message>
    <message>
        <source>{name} has several configurations: {known}.</source>
        <translation>{name} 有多个配置：{known}。</translation>
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
        <source>{name} was {before} and is {now}: the numbers may differ from those of an unbroken run.</source>
        <translation>{name} 之前为 {before}，现在为 {now}：数值可能与未中断的运行不同。</translation>
    </message>
    <message>
        <source>{name}: {made} changed copies of {rows} training rows; {dropped} were left out because nothing had changed, or because the same copy was there already.</source>
        <translation>{name}：为 {rows} 个训练行生成了 {made} 个改动副本；另有 {dropped} 个被排除，因为没有任何改动，或相同的副本已存在。</translation>
    </message>
    <message>
        <source>{name}: {metric} {value} (95 % interval {low} to {high}).</source>
        <translation>{name}：{metric} {value}（95 % 置信区间 {low} 至 {high}）。</translation>
    </message>
    <message>
        <source>{path} and {other} have different columns, such as &apos;{column}&apos;.</source>
        <translation>{path} 和 {other} 的列不同，例如“{column}”。</translation>
    </message>
    <message>
        <source>{path} asks for code of its own ({programs}), which is never run; and transformers does not know its architecture &apos;{kind}&apos;.</source>
        <translation>{path} 需要自带的代码（{programs}），而这些代码绝不会被运行；并且 transformers 不认识其架构“{kind}”。</translation>
    </message>
    <message>
        <source>{path} cannot be loaded by ExecuTorch: {reason}</source>
        <translation>ExecuTorch 无法加载 {path}：{reason}</translation>
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
        <source>{path} cannot be used as a dictionary: {reason}.</source>
        <translation>{path} 不能用作词典：{reason}。</translation>
    </message>
    <message>
        <source>{path} cannot be used: {reason}.</source>
        <translation>{path} 无法使用：{reason}。</translation>
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
        <source>{path} did not arrive as the hub describes it.</source>
        <translation>下载得到的 {path} 与 Hub 上的描述不符。</translation>
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
        <source>{path} exists again.</source>
        <translation>{path} 又已存在。</translation>
    </message>
    <message>
        <source>{path} exists already.</source>
        <translation>{path} 已存在。</translation>
    </message>
    <message>
        <source>{path} has been changed by another program since it was opened.</source>
        <translation>{path} 打开之后已被其他程序更改。</translation>
    </message>
    <message>
        <source>{path} has more than {limit} different keys.</source>
        <translation>{path} 的不同键超过 {limit} 个。</translation>
    </message>
    <message>
        <source>{path} has no complete pickled weights, such as {name}.</source>
        <translation>{path} 没有完整的 pickle 格式权重，例如 {name}。</translation>
    </message>
    <message>
        <source>{path} has no config.json.</source>
        <translation>{path} 中没有 config.json。</translation>
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
        <source>{path} has {megabytes} MB, more than any file of its kind.</source>
        <translation>{path} 有 {megabytes} MB，超过任何同类文件。</translation>
    </message>
    <message>
        <source>{path} holds its weights as a pickle, which can run any code when it is opened.</source>
        <translation>{path} 的权重为 pickle 格式，打开时可能运行任意代码。</translation>
    </message>
    <message>
        <source>{path} holds more than {limit} files.</source>
        <translation>{path} 中的文件超过 {limit} 个。</translation>
    </message>
    <message>
        <source>{path} holds no class names: it is not a trained classifier.</source>
        <translation>{path} 中没有类别名称：它不是训练好的分类器。</translation>
    </message>
    <message>
        <source>{path} holds {tensors} tensors ({megabytes} MB); they were compared with those of the pickle.</source>
        <translation>{path} 含有 {tensors} 个张量（{megabytes} MB）；已与 pickle 中的张量比对。</translation>
    </message>
    <message>
        <source>{path} is a disk, or there already and not empty.</source>
        <translation>{path} 是磁盘，或已存在且不为空。</translation>
    </message>
    <message>
        <source>{path} is a link to another folder.</source>
        <translation>{path} 是指向另一文件夹的链接。</translation>
    </message>
    <message>
        <source>{path} is being written to all the time.</source>
        <translation>{path} 一直有内容写入。</translation>
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
        <source>{path} is in use by process {pid} on {host}, since {since}.</source>
        <translation>{path} 正被 {host} 上的进程 {pid} 使用，开始于 {since}。</translation>
    </message>
    <message>
        <source>{path} is in use.</source>
        <translation>{path} 正在使用中。</translation>
    </message>
    <message>
        <source>{path} is larger than any file of its kind.</source>
        <translation>{path} 比任何同类文件都大。</translation>
    </message>
    <message>
        <source>{path} is nested more deeply than any file of its kind.</source>
        <translation>{path} 的嵌套层数比任何同类文件都深。</translation>
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
        <source>{path} is not the zip of a run.</source>
        <translation>{path} 不是运行的 zip 文件。</translation>
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
        <source>{path} is one JSON object of more than 1 GB, which would have to fit into memory.</source>
        <translation>{path} 是一个超过 1 GB 的 JSON 对象，须全部装入内存。</translation>
    </message>
    <message>
        <source>{path} is open in another window: process {pid} on {host}, since {since}.</source>
        <translation>{path} 已在另一个窗口中打开：{host} 上的进程 {pid}，开始于 {since}。</translation>
    </message>
    <message>
        <source>{path} is too large for a recipe.</source>
        <translation>{path} 太大，不可能是配方。</translation>
    </message>
    <message>
        <source>{path} is where it lies already, or within it.</source>
        <translation>{path} 就是其当前位置，或位于其中。</translation>
    </message>
    <message>
        <source>{path} names the architecture &apos;{kind}&apos;, which the installed transformers does not know.</source>
        <translation>{path} 使用架构“{kind}”，但已安装的 transformers 不支持该架构。</translation>
    </message>
    <message>
        <source>{path} unpacks to more than {size} GB of data, far more than itself.</source>
        <translation>{path} 解压后的数据超过 {size} GB，远大于其自身。</translation>
    </message>
    <message>
        <source>{path} was not converted: {reason}. Nothing in it was run.</source>
        <translation>{path} 未转换：{reason}。其中的内容均未被运行。</translation>
    </message>
    <message>
        <source>{path} was not copied faithfully.</source>
        <translation>{path} 的副本与原文件不一致。</translation>
    </message>
    <message>
        <source>{path} was not made on this computer. A file of this kind can run any code when it is opened, so it is left closed.</source>
        <translation>{path} 不是在这台计算机上生成的。此类文件打开时可能运行任意代码，因此不会打开。</translation>
    </message>
    <message>
        <source>{path}: the answer of question {id} should stand at character {start}, but there stands &apos;{found}&apos; instead of &apos;{expected}&apos;.</source>
        <translation>{path}：问题 {id} 的答案应位于第 {start} 个字符处，但该处是“{found}”，而不是“{expected}”。</translation>
    </message>
    <message>
        <source>{path}: {place} must be {expected}.</source>
        <translation>{path}：{place} 必须是 {expected}。</translation>
    </message>
    <message>
        <source>{place} is neither a file or folder nor a name of data.</source>
        <translation>{place} 既不是文件或文件夹，也不是数据的名称。</translation>
    </message>
    <message>
        <source>{place} is not the name of a dataset on the hub.</source>
        <translation>{place} 不是 Hub 上数据集的名称。</translation>
    </message>
    <message>
        <source>{source} is not read from a file such as {path}.</source>
        <translation>不能从 {path} 这样的文件中读取 {source}。</translation>
    </message>
    <message>
        <source>{task} has no validation metric &apos;{metric}&apos;.</source>
        <translation>{task} 没有验证指标“{metric}”。</translation>
    </message>
    <message>
        <source>{task} learns from texts, and this data holds {kind}.</source>
        <translation>{task} 从文本中学习，而当前数据的内容为 {kind}。</translation>
    </message>
    <message>
        <source>{task} learns from {kind}.</source>
        <translation>{task} 从 {kind} 中学习。</translation>
    </message>
    <message>
        <source>{task} needs a column for: {missing}.</source>
        <translation>{task} 需要对应以下角色的列：{missing}。</translation>
    </message>
    <message>
        <source>{task} needs for each row: {missing}.</source>
        <translation>{task} 的每一行都需要：{missing}。</translation>
    </message>
    <message>
        <source>{texts} targets ({percent} %) are longer than {max_length} tokens: the model learns only their beginning.</source>
        <translation>{texts} 个目标文本（{percent} %）长于 {max_length} 个词元：模型只学习其开头部分。</translation>
    </message>
    <message>
        <source>{texts} texts ({percent} %) are longer than {max_length} tokens and were cut; {tokens_lost} tokens are lost.</source>
        <translation>{texts} 条文本（{percent} %）超过 {max_length} 个词元，已被截断；共丢失 {tokens_lost} 个词元。</translation>
    </message>
</context>
<context>
    <name>fields</name>
    <message>
        <source>Training</source>
        <translation>训练</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Strategy</source>
        <translation>策略</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>抽样</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>数据</translation>
    </message>
    <message>
        <source>Augmentation</source>
        <translation>增强</translation>
    </message>
    <message>
        <source>Adaptation</source>
        <translation>领域适应</translation>
    </message>
    <message>
        <source>Regularisation</source>
        <translation>正则化</translation>
    </message>
    <message>
        <source>{group}: all of it</source>
        <translation>{group}：整组</translation>
    </message>
</context>
<context>
    <name>findings</name>
    <message>
        <source>Split</source>
        <translation>划分</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Row</source>
        <translation>行号</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>录音</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>原因</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>错误</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>✓ mended</source>
        <translation>✓ 已修复</translation>
    </message>
</context>
<context>
    <name>fit</name>
    <message>
        <source>images</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>recordings</source>
        <translation>录音</translation>
    </message>
    <message>
        <source>words with tags</source>
        <translation>带标记的词</translation>
    </message>
    <message>
        <source>questions</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>pairs of source and target texts</source>
        <translation>源文本与目标文本对</translation>
    </message>
    <message>
        <source>prompts with responses</source>
        <translation>带回复的提示</translation>
    </message>
    <message>
        <source>texts</source>
        <translation>条文本</translation>
    </message>
    <message>
        <source>Not for this task: {title}. {reason}</source>
        <translation>不适用于此任务：{title}。{reason}</translation>
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
    <message>
        <source>{m} min</source>
        <translation>{m} 分钟</translation>
    </message>
    <message>
        <source>{h} h</source>
        <translation>{h} 小时</translation>
    </message>
    <message>
        <source>Other programs used {share} of the processor while times were taken; they may be too long.</source>
        <translation>测量时间期间，其他程序占用了处理器的 {share}；测得的时间可能偏长。</translation>
    </message>
</context>
<context>
    <name>frontier</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Time for 1 row</source>
        <translation>1 行的时间</translation>
    </message>
    <message>
        <source>Time for 16 rows</source>
        <translation>16 行的时间</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Score</source>
        <translation>得分</translation>
    </message>
    <message>
        <source>1 row</source>
        <translation>1 行</translation>
    </message>
    <message>
        <source>16 rows</source>
        <translation>16 行</translation>
    </message>
    <message>
        <source>{n} × smaller</source>
        <translation>缩小 {n} ×</translation>
    </message>
    <message>
        <source>{n} × larger</source>
        <translation>增大 {n} ×</translation>
    </message>
    <message>
        <source>{n} × faster</source>
        <translation>加快 {n} ×</translation>
    </message>
    <message>
        <source>{n} × slower</source>
        <translation>减慢 {n} ×</translation>
    </message>
    <message>
        <source>as before</source>
        <translation>与之前相同</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>已跳过</translation>
    </message>
    <message>
        <source>within the budget</source>
        <translation>在预算内</translation>
    </message>
    <message>
        <source>not beaten</source>
        <translation>未被超越</translation>
    </message>
    <message>
        <source>beaten by another one</source>
        <translation>被另一个超越</translation>
    </message>
    <message>
        <source>within budget</source>
        <translation>在预算内</translation>
    </message>
    <message>
        <source>beaten</source>
        <translation>被超越</translation>
    </message>
    <message>
        <source>{n} forms so far</source>
        <translation>目前有 {n} 种形式</translation>
    </message>
    <message>
        <source>The search is going on.</source>
        <translation>搜索正在进行。</translation>
    </message>
    <message>
        <source>A search of another run is going on.</source>
        <translation>另一个运行的搜索正在进行。</translation>
    </message>
    <message>
        <source>Cancelled; it can be gone on with.</source>
        <translation>已取消；可以继续进行。</translation>
    </message>
    <message>
        <source>The trained model</source>
        <translation>已训练模型</translation>
    </message>
    <message>
        <source>p95 {time}</source>
        <translation>p95 {time}</translation>
    </message>
    <message>
        <source>Same answers</source>
        <translation>回答相同</translation>
    </message>
    <message>
        <source>Form</source>
        <translation>形态</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>结论</translation>
    </message>
    <message>
        <source>for comparison</source>
        <translation>供比较</translation>
    </message>
    <message>
        <source>The recipe has these steps.</source>
        <translation>此方案包含以下步骤。</translation>
    </message>
    <message>
        <source>{n} forms measured, {best} of them not beaten by another one in score, size and 1-row time.</source>
        <translation>已测量 {n} 种形式，其中 {best} 种在得分、大小和 1 行用时上未被另一种超越。</translation>
    </message>
    <message>
        <source>{n} threads</source>
        <translation>{n} 个线程</translation>
    </message>
    <message>
        <source>{size} of memory</source>
        <translation>{size} 内存</translation>
    </message>
    <message>
        <source>Measured on {machine}</source>
        <translation>测量环境：{machine}</translation>
    </message>
    <message>
        <source>{text}; scores are of {n} validation rows</source>
        <translation>{text}；得分基于 {n} 行验证数据</translation>
    </message>
    <message>
        <source>{text}; times are of rows of {n} tokens</source>
        <translation>{text}；时间按每行 {n} 个词元计</translation>
    </message>
    <message>
        <source>{text}; the search took {time}</source>
        <translation>{text}；搜索用时 {time}</translation>
    </message>
    <message>
        <source>{n} could not be made; choose one in the table to see why.</source>
        <translation>有 {n} 种无法生成；在表格中选择一种即可查看原因。</translation>
    </message>
    <message>
        <source>{n} were not tried; choose one in the table to see why.</source>
        <translation>有 {n} 种未尝试；在表格中选择一种即可查看原因。</translation>
    </message>
    <message>
        <source>The best within the budget: {name}.</source>
        <translation>预算内最佳：{name}。</translation>
    </message>
    <message>
        <source>None keeps the budget.</source>
        <translation>没有一种符合预算。</translation>
    </message>
    <message>
        <source>This was judged with another budget.</source>
        <translation>这是按另一个预算评判的。</translation>
    </message>
    <message>
        <source>It was not finished.</source>
        <translation>尚未完成。</translation>
    </message>
    <message>
        <source>This has to wait until the search for a trade-off has ended.</source>
        <translation>须等到权衡搜索结束后才能进行。</translation>
    </message>
</context>
<context>
    <name>metrics</name>
    <message>
        <source>{points} points</source>
        <translation>{points} 个百分点</translation>
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
    <message>
        <source>Interrupted after {time}; it can be resumed.</source>
        <translation>已在 {time} 后中断；可以继续。</translation>
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
        <source>{rows} sentences with tags</source>
        <translation>{rows} 个带标记的句子</translation>
    </message>
    <message>
        <source>{rows} {unit}, {classes} labels</source>
        <translation>{rows} {unit}，{classes} 个标签</translation>
    </message>
    <message>
        <source>{rows} {unit}</source>
        <translation>{rows} {unit}</translation>
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
        <source>adapts the model first ({names})</source>
        <translation>先进行领域适应（{names}）</translation>
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
        <source>size, speed and score are measured before and after</source>
        <translation>压缩前后分别测量大小、速度和得分</translation>
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
        <source>Image</source>
        <translation>图像</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>录音</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示</translation>
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
    <name>search</name>
    <message>
        <source>Stopping after this batch…</source>
        <translation>将在当前批次后停止…</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>正在启动…</translation>
    </message>
    <message>
        <source>The recipe has changed since then.</source>
        <translation>此后配方已更改。</translation>
    </message>
    <message>
        <source>{time}: {model}, {strategy}, {n} fields</source>
        <translation>{time}：{model}，{strategy}，{n} 个字段</translation>
    </message>
    <message>
        <source>The search is going on.</source>
        <translation>搜索正在进行。</translation>
    </message>
    <message>
        <source>Cancelled; the search can be gone on with.</source>
        <translation>已取消；以后可继续搜索。</translation>
    </message>
    <message>
        <source>This has to wait until the ablation has ended.</source>
        <translation>须等待消融实验结束。</translation>
    </message>
    <message>
        <source>Add a field that is to be varied.</source>
        <translation>请添加要搜索的字段。</translation>
    </message>
    <message>
        <source>Choose at least two values: {field}.</source>
        <translation>请至少选择两个值：{field}。</translation>
    </message>
    <message>
        <source>The first number must be below the second: {field}.</source>
        <translation>第一个数必须小于第二个数：{field}。</translation>
    </message>
    <message>
        <source>By orders of magnitude, the first number must be above 0: {field}.</source>
        <translation>按数量级时，第一个数必须大于 0：{field}。</translation>
    </message>
    <message>
        <source>Options of one strategy cannot be varied together with the strategy itself.</source>
        <translation>搜索策略本身时，不能同时搜索某一策略的选项。</translation>
    </message>
    <message>
        <source>Trial {n}</source>
        <translation>第 {n} 次试验</translation>
    </message>
    <message>
        <source>The recipe as it is</source>
        <translation>当前配方</translation>
    </message>
    <message>
        <source>{share} of the differences come from {field}.</source>
        <translation>“{field}”造成了 {share} 的差异。</translation>
    </message>
    <message>
        <source>The recipe has the best values now.</source>
        <translation>配方已采用最佳值。</translation>
    </message>
    <message>
        <source>The best values: {values}.</source>
        <translation>最佳值：{values}。</translation>
    </message>
    <message>
        <source>Use the best values</source>
        <translation>采用最佳值</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>How it ended</source>
        <translation>结束方式</translation>
    </message>
    <message>
        <source>complete</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>broken off: not promising</source>
        <translation>提前终止：没有希望</translation>
    </message>
    <message>
        <source>broken off: the time was over</source>
        <translation>提前终止：时间已到</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
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
        <source>Adapting the model</source>
        <translation>模型领域适应</translation>
    </message>
    <message>
        <source>Encoding</source>
        <translation>编码</translation>
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
        <source>Evaluating the other tasks</source>
        <translation>正在评估其他任务</translation>
    </message>
    <message>
        <source>Cross-validating</source>
        <translation>正在交叉验证</translation>
    </message>
    <message>
        <source>Examining the data</source>
        <translation>正在检查数据</translation>
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
        <source>{n} {unit}</source>
        <translation>{n} {unit}</translation>
    </message>
    <message>
        <source>about {time} left</source>
        <translation>剩余约 {time}</translation>
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
        <source>texts</source>
        <translation>条文本</translation>
    </message>
    <message>
        <source>rows</source>
        <translation>行</translation>
    </message>
    <message>
        <source>images</source>
        <translation>图像</translation>
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
        <source>sentences</source>
        <translation>个句子</translation>
    </message>
    <message>
        <source>questions</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>pairs</source>
        <translation>个文本对</translation>
    </message>
    <message>
        <source>recordings</source>
        <translation>录音</translation>
    </message>
    <message>
        <source>prompts</source>
        <translation>条提示</translation>
    </message>
    <message>
        <source>queries</source>
        <translation>条查询</translation>
    </message>
    <message>
        <source>documents</source>
        <translation>篇文档</translation>
    </message>
    <message>
        <source>triplets</source>
        <translation>个三元组</translation>
    </message>
    <message>
        <source>boxes</source>
        <translation>个框</translation>
    </message>
    <message>
        <source>conversations</source>
        <translation>段对话</translation>
    </message>
    <message>
        <source>examples</source>
        <translation>个样本</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>个块</translation>
    </message>
    <message>
        <source>a network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>an ONNX graph</source>
        <translation>ONNX 计算图</translation>
    </message>
    <message>
        <source>a finished ONNX graph, which no further step takes</source>
        <translation>已完成的 ONNX 计算图，不能再接其他步骤</translation>
    </message>
    <message>
        <source>an OpenVINO model</source>
        <translation>OpenVINO 模型</translation>
    </message>
    <message>
        <source>The network&apos;s own weights</source>
        <translation>网络自身的权重</translation>
    </message>
    <message>
        <source>Features of the backbone</source>
        <translation>骨干模型的特征</translation>
    </message>
    <message>
        <source>Small parts beside it</source>
        <translation>附加的小模块</translation>
    </message>
    <message>
        <source>What earlier runs know</source>
        <translation>先前运行所学的内容</translation>
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
