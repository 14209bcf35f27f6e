package io.millrace.streaming

import java.net.URI

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs._
import org.apache.hadoop.fs.permission.FsPermission

/** Local files without libhadoop: the stock class starts a `chmod` and a `stat` process per checkpoint file. */
class NoForkRawFileSystem extends RawLocalFileSystem {
  override def setPermission(path: Path, permission: FsPermission): Unit = ()
  override def getFileLinkStatus(path: Path): FileStatus = getFileStatus(path)
}

/** For `fs.file.impl`. It extends LocalFileSystem because Spark casts to it. */
class NoForkFileSystem extends LocalFileSystem(new NoForkRawFileSystem)

/** For `fs.AbstractFileSystem.file.impl`, the FileContext side of the same. */
class NoForkAbstractFileSystem(uri: URI, conf: Configuration)
    extends DelegateToFileSystem(uri, NoForkAbstractFileSystem.opened(conf), conf, "file", false) {
  override def getUriDefaultPort: Int = -1
  override def isValidName(src: String): Boolean = true
}

object NoForkAbstractFileSystem {
  private def opened(conf: Configuration): FileSystem = {
    val fs = new NoForkRawFileSystem
    fs.initialize(FsConstants.LOCAL_FS_URI, conf)
    fs
  }
}
