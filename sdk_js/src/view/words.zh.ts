/** The same words in Chinese: a chunk of its own, fetched with the view by pages that speak it. */
import type { Words } from "./words";

export const words: Words = [
  "第 # 步，共 # 步",
  "下一步",
  "上一步",
  "完成",
  "知道了",
  "跳过",
  "关闭",
  "更多选项",
  "稍后提醒",
  "不再显示",
  "关闭所有提示",
  "正在等待页面…",
  "此步骤指向的内容不在当前页面，以下为文字说明。",
];
